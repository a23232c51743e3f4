#pragma once

#include "shared/models/weight_loader.h"

namespace palimpsest {

/// How an AutoEncoder's tensors are spelled in `source`: like the reference, or like diffusers. `levels`: resolutions.
/// Errors: `MODEL_ARCH_MISMATCH` where they are neither.
/// Source: diffusers loaders/single_file_utils.py `convert_ldm_vae_checkpoint`.
NameMap autoencoder_name_map(const TensorSource& source, std::size_t levels);

/// The diffusers spelling of a reference name.
std::vector<StoredPart> diffusers_autoencoder_names(std::string_view name, std::size_t levels);

}  // namespace palimpsest
