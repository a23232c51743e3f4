"""The fixed linear basis of the latent space, and the packing of latents into transformer tokens.

A latent pixel holds the first 16 principal components of its 8x8x3 block of image, each divided by the fourth root of its
variance, all together of variance one. Encoder, decoder and transformer can so be trained apart, in any order.
"""
import numpy as np
import torch

CHANNELS = 16
BLOCK = 8


def to_blocks(images):
    """(N, H, W, 3) in -1..1 to (N, H/8, W/8, 192)."""
    n, height, width, _ = images.shape
    blocks = images.reshape(n, height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, height // BLOCK, width // BLOCK, -1)


def from_blocks(blocks):
    n, rows, columns, _ = blocks.shape
    images = blocks.reshape(n, rows, columns, BLOCK, BLOCK, 3).transpose(0, 1, 3, 2, 4, 5)
    return images.reshape(n, rows * BLOCK, columns * BLOCK, 3)


def to_unit(pixels):
    """uint8 pixels to float32 in -1..1."""
    return pixels.astype(np.float32) / 127.5 - 1


def to_pixels(images):
    return ((np.clip(images, -1, 1) + 1) * 127.5).round().astype(np.uint8)


class Basis:
    """Linear map between pictures (N, H, W, 3) in -1..1 and latents (N, 16, H/8, W/8)."""

    def __init__(self, vectors, weights, mean):
        self.vectors, self.weights, self.mean = vectors, weights, mean

    @staticmethod
    def fit(images):
        blocks = to_blocks(images).reshape(-1, 192)
        mean = blocks.mean(0)
        variances, vectors = np.linalg.eigh(np.cov((blocks - mean).T.astype(np.float64)))
        variances, vectors = variances[::-1][:CHANNELS], vectors[:, ::-1][:, :CHANNELS]
        vectors = vectors * np.where(vectors.sum(0) < 0, -1, 1)
        weights = variances ** -0.25
        weights /= np.sqrt(np.mean(variances * weights ** 2))
        return Basis(vectors.astype(np.float32), weights.astype(np.float32), mean.astype(np.float32))

    def encode(self, images):
        return (((to_blocks(images) - self.mean) @ self.vectors) * self.weights).transpose(0, 3, 1, 2)

    def decode(self, latents):
        return from_blocks((latents.transpose(0, 2, 3, 1) / self.weights) @ self.vectors.T + self.mean)

    def preview(self):
        """Factors (16, 3) and bias (3) from a latent pixel to the mean colour of its block in -1..1."""
        to_rgb = np.tile(np.eye(3), (BLOCK * BLOCK, 1)) / (BLOCK * BLOCK)
        return (self.vectors / self.weights).T @ to_rgb, self.mean @ to_rgb

    def save(self, path):
        np.savez(path, vectors=self.vectors, weights=self.weights, mean=self.mean)

    @staticmethod
    def load(path):
        with np.load(path) as file:
            return Basis(file["vectors"], file["weights"], file["mean"])


def pack(latents):
    """(N, 16, h, w) to tokens (N, h/2*w/2, 64), channels in the order (c, row, column)."""
    n, c, h, w = latents.shape
    return latents.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h * w // 4, c * 4)


def unpack(tokens, height, width):
    """Tokens back to latents of height x width latent pixels."""
    n, _, channels = tokens.shape
    grid = tokens.reshape(n, height // 2, width // 2, channels // 4, 2, 2)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(n, channels // 4, height, width)


def as_tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))
