"""Write into a picture file how it was made, where its owner wants that: JSON, readable by people and programs."""

import json
import struct
import zlib
from os import SEEK_CUR
from typing import BinaryIO
from xml.sax.saxutils import escape

from PIL import ExifTags, Image

BLOCK_BYTES = 2**20
KEPT_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:stylesite="urn:stylesite:1">
<xmp:CreatorTool>Stylesite</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
<stylesite:provenance>{provenance}</stylesite:provenance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def as_json(provenance: dict) -> str:
    return json.dumps(provenance, ensure_ascii=False, sort_keys=True, default=str)


def as_xmp(provenance: dict) -> bytes:
    """An XMP packet: the JSON, and the IPTC's word for pictures that a trained network had a hand in."""
    return XMP.format(source=SOURCE_TYPE, provenance=escape(as_json(provenance))).encode()


def as_exif(provenance: dict) -> bytes:
    """EXIF with the JSON as UserComment and as ImageDescription, which wants plain ASCII."""
    plain = json.dumps(provenance, sort_keys=True, default=str)
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = plain
    exif[ExifTags.Base.Software] = "Stylesite"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + plain.encode()
    return exif.tobytes()


def copy_png(source: BinaryIO, target: BinaryIO, provenance: dict | None) -> None:
    """A PNG with no chunks but the picture's own and, if asked for, the provenance in front of the pixels."""
    target.write(source.read(8))
    while head := source.read(8):
        length, kind = struct.unpack(">I4s", head)
        if kind in KEPT_CHUNKS:
            target.write(head)
            _copy(source, target, length + 4)
        else:
            source.seek(length + 4, SEEK_CUR)
        if kind == b"IHDR" and provenance is not None:
            target.write(text_chunk("stylesite", as_json(provenance)))
            target.write(text_chunk("XML:com.adobe.xmp", as_xmp(provenance)))


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    """So many bytes, of which memory holds a few."""
    while length > 0 and (block := source.read(min(length, BLOCK_BYTES))):
        target.write(block)
        length -= len(block)


def text_chunk(keyword: str, text: str | bytes) -> bytes:
    """An uncompressed iTXt chunk."""
    body = text.encode() if isinstance(text, str) else text
    content = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + body
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
