"""Colour, apart from light: for engines that leave the photo its palette."""

import numpy as np

LUMINANCE = np.array([0.299, 0.587, 0.114], "float32")  # Rec. 601, on the values as they are shown


def keep_colours(picture: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The picture's light with the photo's colours, both (h, w, 3) in 0..1. Nothing is clipped."""
    light = picture @ LUMINANCE
    colours = photo - (photo @ LUMINANCE)[..., None]

    # Where light and colour together would leave 0..1, the colour gives way.
    room_above = (1 - light) / np.maximum(colours.max(-1), 1e-6)
    room_below = light / np.maximum(-colours.min(-1), 1e-6)
    share = np.clip(np.minimum(room_above, room_below), 0, 1)

    return np.clip(light[..., None] + share[..., None] * colours, 0, 1).astype("float32")
