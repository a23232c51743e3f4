"""A checkpoint folder in the layout of a real FLUX.1 Kontext repository: writing its files, and loading them again."""
import json
import os

import torch

import safetensors_file
import tokenizers
from autoencoder import GROUPS, LAYERS, WIDTHS, Decoder, Encoder
from latents import CHANNELS
from prompts import Prompter
from text_encoders import CLIP_CONFIG, T5_CONFIG, TextEncoders
from transformer import CONFIG, FluxTransformer

DEFAULT_STEPS = 20
WEIGHT_FILES = dict(transformer="diffusion_pytorch_model.safetensors", vae="diffusion_pytorch_model.safetensors",
                    text_encoder="model.safetensors", text_encoder_2="model.safetensors")
DOMAIN = ("Flat 128x128 illustrations: one to three of sun, moon, cloud, star, house, tree, cat, boat, car, flower, heart, circle and "
          "square in ten colours under a day, night, sunset or plain background on grass, sand, sea or snow, with a sign of two to six "
          "capital letters; edits add, remove, recolour, swap and move things, change background or ground, and change the sign.")

# Names of the reference's modules and what diffusers calls them, where nothing but the name differs.
TRANSFORMER_NAMES = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1", "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1", "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "txt_in": "context_embedder", "img_in": "x_embedder", "final_layer.linear": "proj_out"}
DOUBLE_NAMES = {
    "img_mod.lin": "norm1.linear", "txt_mod.lin": "norm1_context.linear", "img_attn.proj": "attn.to_out.0", "txt_attn.proj": "attn.to_add_out",
    "img_attn.norm.query_norm.scale": "attn.norm_q.weight", "img_attn.norm.key_norm.scale": "attn.norm_k.weight",
    "txt_attn.norm.query_norm.scale": "attn.norm_added_q.weight", "txt_attn.norm.key_norm.scale": "attn.norm_added_k.weight",
    "img_mlp.0": "ff.net.0.proj", "img_mlp.2": "ff.net.2", "txt_mlp.0": "ff_context.net.0.proj", "txt_mlp.2": "ff_context.net.2"}
SINGLE_NAMES = {"modulation.lin": "norm.linear", "norm.query_norm.scale": "attn.norm_q.weight",
                "norm.key_norm.scale": "attn.norm_k.weight", "linear2": "proj_out"}
# Matrices that diffusers stores in pieces: row chunks of the reference's matrix.
DOUBLE_CHUNKS = {"img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
                 "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj")}
SINGLE_CHUNKS = {"linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")}


def name_table():
    """[(reference name, (diffusers names of its row chunks))] of all tensors but the final modulation."""
    blocks = [("", "", TRANSFORMER_NAMES, {})]
    blocks += [(f"double_blocks.{i}.", f"transformer_blocks.{i}.", DOUBLE_NAMES, DOUBLE_CHUNKS) for i in range(CONFIG["double_blocks"])]
    blocks += [(f"single_blocks.{i}.", f"single_transformer_blocks.{i}.", SINGLE_NAMES, SINGLE_CHUNKS)
               for i in range(CONFIG["single_blocks"])]
    table = []
    for ours, theirs, names, chunks in blocks:
        for name, new_names in {**{name: (new,) for name, new in names.items()}, **chunks}.items():
            if name.endswith(".scale"):
                table.append((ours + name, tuple(theirs + new for new in new_names)))
            else:
                table += [(f"{ours}{name}.{part}", tuple(f"{theirs}{new}.{part}" for new in new_names)) for part in ("weight", "bias")]
    return table


def swap_halves(tensor):
    """diffusers stores (scale, shift) of the final modulation, the reference (shift, scale)."""
    first, second = tensor.chunk(2)
    return torch.cat((second, first))


def to_diffusers(weights):
    """Weights of transformer.FluxTransformer under diffusers' names."""
    width, out = CONFIG["width"], {}
    for name, new_names in name_table():
        sizes = [len(weights[name])] if len(new_names) == 1 else [width] * 3 + [4 * width] * (len(new_names) - 3)
        out.update(zip(new_names, weights[name].split(sizes)))
    for part in ("weight", "bias"):
        out[f"norm_out.linear.{part}"] = swap_halves(weights[f"final_layer.adaLN_modulation.1.{part}"])
    return out


def from_diffusers(weights):
    out = {name: torch.cat([weights[new] for new in new_names]) for name, new_names in name_table()}
    for part in ("weight", "bias"):
        out[f"final_layer.adaLN_modulation.1.{part}"] = swap_halves(weights[f"norm_out.linear.{part}"])
    return out


def configs(prompter):
    """The JSON files of the checkpoint by path."""
    t5_rows, clip_rows = prompter.t5.rows, len(prompter.clip.ids)
    return {
        "model_index.json": dict(
            _class_name="FluxKontextPipeline", _diffusers_version="0.34.0", scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"],
            text_encoder=["transformers", "CLIPTextModel"], text_encoder_2=["transformers", "T5EncoderModel"],
            tokenizer=["transformers", "CLIPTokenizer"], tokenizer_2=["transformers", "T5Tokenizer"],
            transformer=["diffusers", "FluxTransformer2DModel"], vae=["diffusers", "AutoencoderKL"]),
        "transformer/config.json": dict(
            _class_name="FluxTransformer2DModel", _diffusers_version="0.34.0", attention_head_dim=CONFIG["width"] // CONFIG["heads"],
            num_attention_heads=CONFIG["heads"], num_layers=CONFIG["double_blocks"], num_single_layers=CONFIG["single_blocks"],
            in_channels=CONFIG["tokens"], out_channels=None, joint_attention_dim=CONFIG["context"],
            pooled_projection_dim=CONFIG["pooled"], guidance_embeds=False, axes_dims_rope=list(CONFIG["axes"]), patch_size=1),
        "vae/config.json": dict(
            _class_name="AutoencoderKL", _diffusers_version="0.34.0", act_fn="silu", block_out_channels=list(WIDTHS),
            down_block_types=["DownEncoderBlock2D"] * len(WIDTHS), up_block_types=["UpDecoderBlock2D"] * len(WIDTHS), force_upcast=True,
            in_channels=3, out_channels=3, latent_channels=CHANNELS, layers_per_block=LAYERS, mid_block_add_attention=True,
            norm_num_groups=GROUPS, sample_size=128, scaling_factor=1.0, shift_factor=0.0, use_quant_conv=False,
            use_post_quant_conv=False),
        "text_encoder/config.json": dict(
            CLIP_CONFIG, architectures=["CLIPTextModel"], model_type="clip_text_model", hidden_act="quick_gelu", vocab_size=clip_rows,
            bos_token_id=clip_rows - 2, eos_token_id=clip_rows - 1, pad_token_id=clip_rows - 1, projection_dim=CLIP_CONFIG["hidden_size"],
            torch_dtype="bfloat16"),
        "text_encoder_2/config.json": dict(
            T5_CONFIG, architectures=["T5EncoderModel"], model_type="t5", feed_forward_proj="gated-gelu", dense_act_fn="gelu_new",
            is_gated_act=True, is_encoder_decoder=True, num_decoder_layers=T5_CONFIG["num_layers"], tie_word_embeddings=False,
            vocab_size=t5_rows, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, torch_dtype="bfloat16"),
        "scheduler/scheduler_config.json": dict(
            _class_name="FlowMatchEulerDiscreteScheduler", _diffusers_version="0.34.0", base_image_seq_len=256, base_shift=0.5,
            max_image_seq_len=4096, max_shift=1.15, num_train_timesteps=1000, shift=3.0, use_dynamic_shifting=True),
    }


def palimpsest_config(basis):
    factors, bias = basis.preview()
    return dict(name="kontext-nano", native_size=[128, 128], default_steps=DEFAULT_STEPS, default_guidance=None,
                latent_rgb_factors=[[round(float(v), 6) for v in row] for row in factors],
                latent_rgb_bias=[round(float(v), 6) for v in bias], max_text_tokens=tokenizers.T5_TOKENS, domain=DOMAIN)


def write(folder, weights, basis):
    """Writes the whole checkpoint; `weights` maps the four parts to {name: tensor} under the files' names."""
    for part in WEIGHT_FILES:
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    os.makedirs(os.path.join(folder, "scheduler"), exist_ok=True)
    tokenizers.build(folder)
    for path, value in configs(Prompter(folder)).items():
        tokenizers.write_json(os.path.join(folder, path), value)
    tokenizers.write_json(os.path.join(folder, "palimpsest.json"), palimpsest_config(basis))
    for part, name in WEIGHT_FILES.items():
        tensors = {key: value.bfloat16() for key, value in weights[part].items()}
        safetensors_file.save(os.path.join(folder, part, name), tensors, {"format": "pt"})


class Checkpoint:
    """The models of a checkpoint folder in float32, loaded from its files."""

    def __init__(self, folder):
        def weights(part):
            tensors = safetensors_file.load(os.path.join(folder, part, WEIGHT_FILES[part]))
            return {name: value.float() for name, value in tensors.items()}

        self.prompter = Prompter(folder)
        self.text = TextEncoders(self.prompter.t5.rows, len(self.prompter.clip.ids))
        self.text.clip.load_state_dict(weights("text_encoder"))
        self.text.t5.load_state_dict(weights("text_encoder_2"))
        self.transformer = FluxTransformer()
        self.transformer.load_state_dict(from_diffusers(weights("transformer")))
        self.encoder, self.decoder = Encoder(), Decoder()
        vae = weights("vae")
        for model, prefix in ((self.encoder, "encoder."), (self.decoder, "decoder.")):
            model.load_state_dict({name[len(prefix):]: value for name, value in vae.items() if name.startswith(prefix)})
        for model in (self.text, self.transformer, self.encoder, self.decoder):
            model.requires_grad_(False)
        with open(os.path.join(folder, "palimpsest.json"), encoding="utf-8") as file:
            self.settings = json.load(file)
