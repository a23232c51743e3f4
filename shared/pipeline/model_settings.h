#pragma once

#include <cstdint>
#include <optional>

#include "shared/base/json.h"
#include "shared/image/image.h"
#include "shared/pipeline/preview.h"
#include "shared/pipeline/schedule.h"

namespace palimpsest {

/// What a checkpoint says of how it wants to be run, with the reference's values where it says nothing.
struct ModelSettings {
  std::int64_t steps = 28;                ///< of a request that names none
  double guidance = 2.5;                  ///< of a request that names none; no meaning without a guidance embedding
  std::optional<ImageSize> native_size;   ///< the only size it draws; absent: any
  int text_tokens = 512;                  ///< length that prompts are padded to for T5
  PreviewFactors preview_factors = flux_preview_factors();
  ScheduleConfig schedule;
};

/// Settings of a checkpoint from the members `default_steps`, `default_guidance`, `native_size`, `max_text_tokens` and
/// `latent_rgb_…` of its `palimpsest.json` and from its `scheduler_config.json`; either may be null (there is no such
/// file). What they leave open: Kontext's 28 steps, guidance 2.5, 512 tokens and the shifted schedule for a transformer
/// with a guidance embedding, schnell's 4 steps, 256 tokens and the plain schedule for one without.
/// Errors: `CONFIG_INVALID` naming the file and the member.
/// Source: diffusers pipeline_flux_kontext.py `__call__`; flux/util.py `configs`, flux/cli.py.
ModelSettings read_model_settings(const Json& palimpsest_json, const Json& scheduler_config, bool guidance_embeds);

}  // namespace palimpsest
