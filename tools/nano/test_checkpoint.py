"""Written checkpoints load back to what was written; latents and the linear basis are inverse where they should be."""
import json
import os
import random
import tempfile
import unittest

try:
    import numpy as np
    import torch
    import sentencepiece  # noqa: F401
    from draw import render
except ImportError as missing:
    raise unittest.SkipTest(f"needs {missing.name}")
import checkpoint
import safetensors_file
import tokenizers
from autoencoder import Decoder, Encoder
from latents import Basis, pack, to_unit, unpack
from prompts import Prompter
from text_encoders import TextEncoders, relative_buckets
from transformer import FluxTransformer
from world import random_scene


def random_weights(model):
    return {name: (value + 0.02 * torch.randn_like(value)).bfloat16().float() for name, value in model.state_dict().items()}


def small_basis():
    rng = random.Random(1)
    return Basis.fit(to_unit(np.stack([render(random_scene(rng)) for _ in range(12)])))


class Safetensors(unittest.TestCase):
    def test_tensors_come_back_and_the_header_is_padded(self):
        tensors = {"b": torch.randn(3, 5).bfloat16(), "a": torch.arange(4), "empty": torch.zeros(0, 2)}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.safetensors")
            safetensors_file.save(path, tensors, {"format": "pt"})
            with open(path, "rb") as file:
                self.assertEqual(int.from_bytes(file.read(8), "little") % 8, 0)
            loaded = safetensors_file.load(path)
        self.assertEqual(loaded.keys(), tensors.keys())
        for name, value in tensors.items():
            self.assertTrue(torch.equal(loaded[name], value), name)


class WrittenCheckpoint(unittest.TestCase):
    def test_loads_back_to_the_same_weights(self):
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            tokenizers.build(folder)
            prompter = Prompter(folder)
            text = random_weights(TextEncoders(prompter.t5.rows, len(prompter.clip.ids)))
            flux, encoder, decoder = (random_weights(model) for model in (FluxTransformer(), Encoder(), Decoder()))
            checkpoint.write(folder, dict(
                transformer=checkpoint.to_diffusers(flux),
                vae={**{"encoder." + k: v for k, v in encoder.items()}, **{"decoder." + k: v for k, v in decoder.items()}},
                text_encoder={k[5:]: v for k, v in text.items() if k.startswith("clip.")},
                text_encoder_2={k[3:]: v for k, v in text.items() if k.startswith("t5.")}), small_basis())
            loaded = checkpoint.Checkpoint(folder)
            with open(os.path.join(folder, "transformer", "config.json")) as file:
                self.assertEqual(json.load(file)["_class_name"], "FluxTransformer2DModel")
        for wanted, model in ((text, loaded.text), (flux, loaded.transformer), (encoder, loaded.encoder), (decoder, loaded.decoder)):
            for name, value in model.state_dict().items():
                self.assertTrue(torch.equal(value, wanted[name]), name)

    def test_every_transformer_tensor_is_renamed_once(self):
        weights = FluxTransformer().state_dict()
        renamed = checkpoint.to_diffusers(weights)
        self.assertEqual(sum(v.numel() for v in renamed.values()), sum(v.numel() for v in weights.values()))
        self.assertIn("single_transformer_blocks.3.proj_mlp.bias", renamed)

    def test_final_modulation_has_its_halves_swapped(self):
        weights = FluxTransformer().state_dict()
        name = "final_layer.adaLN_modulation.1.bias"
        weights[name] = torch.arange(len(weights[name])).float()
        self.assertEqual(checkpoint.to_diffusers(weights)["norm_out.linear.bias"][0], len(weights[name]) // 2)


class Latents(unittest.TestCase):
    def test_packing_orders_channels_then_rows_then_columns(self):
        latents = torch.arange(2 * 16 * 4 * 6).float().reshape(2, 16, 4, 6)
        tokens = pack(latents)
        self.assertEqual(tokens[1, 5, 4 * 3 + 2 * 1 + 0], latents[1, 3, 2 * 1 + 1, 2 * 2 + 0])
        self.assertTrue(torch.equal(unpack(tokens, 4, 6), latents))

    def test_decoding_inverts_encoding_on_latents(self):
        basis = small_basis()
        latents = np.random.RandomState(0).randn(2, 16, 4, 4).astype(np.float32)
        np.testing.assert_allclose(basis.encode(basis.decode(latents)), latents, atol=1e-4)

    def test_preview_is_the_mean_colour_of_each_block(self):
        basis = small_basis()
        latents = np.random.RandomState(0).randn(1, 16, 1, 1).astype(np.float32)
        factors, bias = basis.preview()
        np.testing.assert_allclose(latents[0, :, 0, 0] @ factors + bias, basis.decode(latents)[0].mean((0, 1)), atol=1e-5)


class RelativeBuckets(unittest.TestCase):
    def test_near_distances_are_exact_and_later_keys_come_second(self):
        buckets = relative_buckets(40)
        self.assertEqual([int(buckets[20, 20 + d]) for d in (-20, -8, -7, -1, 0, 1, 7, 8, 19)], [10, 8, 7, 1, 0, 17, 23, 24, 26])


if __name__ == "__main__":
    unittest.main()
