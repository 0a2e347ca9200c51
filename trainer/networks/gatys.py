"""The losses of Gatys, Ecker & Bethge: textures (2015, arXiv:1505.07376), and style transfer (CVPR 2016).

Their symbols: a layer has N maps of M positions; F are the features of the picture that is made, P the photo's,
G and A the Gram matrices of the two pictures, E what a layer contributes, w its weight, α and β the two sides'.
"""

from keras import ops


def find_gram(features):
    """G / M, where G_ij = Σ_k F_ik F_jk (2016, eq. 3): features (n, h, w, c) of any type → (n, c, c) float32.

    Divided by the positions, so that a style picture of another size can be compared.
    """
    n, h, w, c = ops.shape(features)
    flat = ops.reshape(ops.cast(features, "float32"), (n, h * w, c))
    return ops.matmul(ops.swapaxes(flat, 1, 2), flat) / ops.cast(h * w, "float32")


def measure_content(features, content):
    """½ Σ (F - P)² (2016, eq. 1), the mean of the pictures."""
    difference = ops.cast(features, "float32") - ops.cast(content, "float32")
    return ops.sum(ops.square(difference)) / ops.cast(2 * ops.shape(features)[0], "float32")


def measure_layer(gram, style):
    """E = Σ (G - A)² / 4N²M² (2016, eq. 4; 2015, eq. 3) of matrices that were divided by M, the pictures' mean."""
    n, maps, _ = ops.shape(gram)
    return ops.sum(ops.square(gram - style)) / ops.cast(4 * maps**2 * n, "float32")


def measure_style(grams, styles, weights):
    """Σ w E over the layers (2016, eq. 5; 2015, eq. 4)."""
    layers = zip(grams, styles, weights, strict=True)
    return sum(weight * measure_layer(gram, style) for gram, style, weight in layers)


def measure_total(content, style, *, alpha, beta):
    """α L_content + β L_style (2016, eq. 7)."""
    return alpha * content + beta * style


def measure_variation(picture):
    """Mean squared step between neighbours of pictures (n, h, w, 3): how far from smooth. Mahendran & Vedaldi 2015."""
    down = ops.mean(ops.square(picture[:, 1:] - picture[:, :-1]))
    across = ops.mean(ops.square(picture[:, :, 1:] - picture[:, :, :-1]))
    return down + across


def measure_overflow(picture):
    """Mean square of how far pixels are out of the range 0..1."""
    return ops.mean(ops.square(ops.relu(-picture) + ops.relu(picture - 1.0)))
