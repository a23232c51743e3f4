#pragma once

#include <string_view>
#include <vector>

#include "shared/base/json.h"
#include "shared/verify/check_result.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

// Each holds one part of the code that runs on the host, the same for every backend, to a golden file. Tolerances are
// those of the golden files: f32 rounding where the reference computes in f32, none for integers and pictures.
// Errors: `MODEL_TENSOR_MISSING`, `MODEL_ARCH_MISMATCH`, `MODEL_DTYPE_UNSUPPORTED` or `golden_invalid` for a file that
// is not of the format.

/// mu.<tokens>, shift.<tokens>.<steps>, noshift.<steps>.
std::vector<CheckResult> verify_schedule(const TensorSource& golden);

/// <dtype>.<seed>.<shape>, and f32seq.<seed>.<letter>_<count> as consecutive draws of one generator.
std::vector<CheckResult> verify_noise(const TensorSource& golden);

/// case<i>.in, case<i>.out (Lanczos), case<i>.out_bicubic: u8 [height, width, 3].
std::vector<CheckResult> verify_resize(const TensorSource& golden);

/// relative_position and bucket.bidir.<buckets>.<max distance>.
std::vector<CheckResult> verify_position_buckets(const TensorSource& golden);

/// Sinusoids of t and guidance, cos and sin of ids.
std::vector<CheckResult> verify_embeddings(const TensorSource& golden);

/// [{input, reference, output, ref_tokens}]: sizes as [width, height].
std::vector<CheckResult> verify_kontext_sizes(const Json& golden);

/// {"16:9": [width, height]}.
std::vector<CheckResult> verify_aspect_ratios(const Json& golden);

/// [{ref_latent_hw, method, blocks}]; methods other than `offset` are not used and left out.
std::vector<CheckResult> verify_reference_ids(const Json& golden);

/// {"cases": [{text, ids, padded77}]} with the tokenizer's two files.
std::vector<CheckResult> verify_clip_tokenizer(std::string_view vocab_json, std::string_view merges_text,
                                               const Json& golden);

/// {"extra_ids", "cases": [{text, spm_ids, hf_padded64}]} with the model file.
std::vector<CheckResult> verify_t5_tokenizer(std::string_view spiece_model, const Json& golden);

}  // namespace palimpsest
