"""Reads and writes safetensors files: header padded to 8 bytes, tensors in order of name, no holes."""
import json
import struct

import torch

DTYPES = {"BF16": torch.bfloat16, "F32": torch.float32, "I64": torch.int64, "I32": torch.int32}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def save(path, tensors, metadata=None):
    header, data = {"__metadata__": metadata} if metadata else {}, []
    size = 0
    for name, tensor in sorted(tensors.items()):
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.int16 if tensor.dtype == torch.bfloat16 else tensor.dtype).numpy().tobytes()
        header[name] = dict(dtype=NAMES[tensor.dtype], shape=list(tensor.shape), data_offsets=[size, size + len(raw)])
        data.append(raw)
        size += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def load(path):
    """All tensors by name; refuses a file whose tensors do not tile its data."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        if start != end:
            raise ValueError(f"{path}: hole or overlap before {name}")
        values = torch.frombuffer(data[start:stop], dtype=dtype) if stop > start else torch.empty(0, dtype=dtype)
        tensors[name], end = values.reshape(entry["shape"]), stop
    if end != len(data):
        raise ValueError(f"{path}: {len(data) - end} bytes after the last tensor")
    return tensors
