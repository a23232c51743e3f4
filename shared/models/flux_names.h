#pragma once

#include "shared/models/weight_loader.h"

namespace palimpsest {

/// How a transformer's tensors are spelled in `source`: like the reference, or like diffusers.
/// Errors: `MODEL_ARCH_MISMATCH` where they are neither.
/// Source: diffusers scripts/convert_flux_to_diffusers.py.
NameMap flux_name_map(const TensorSource& source);

/// The diffusers spelling of a reference name.
std::vector<StoredPart> diffusers_flux_names(std::string_view name);

}  // namespace palimpsest
