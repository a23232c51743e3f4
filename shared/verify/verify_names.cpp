#include "shared/verify/verify_names.h"

#include <string>
#include <utility>

#include "shared/models/autoencoder.h"
#include "shared/models/clip_text_encoder.h"
#include "shared/models/flux_transformer.h"
#include "shared/models/t5_encoder.h"
#include "shared/verify/golden_values.h"
#include "shared/weights/named_views.h"

namespace palimpsest {
namespace {

/// Names and shapes without data: enough for a check.
NamedViews named_shapes(const Json& shapes) {
  if (!shapes.is_object()) fail("golden_invalid", "the golden file has another value where shapes by name belong");
  NamedViews::Views views;
  for (const auto& [name, shape] : *shapes.as_object())
    views.emplace(name, HostView{DType::bf16, Shape(golden_integers(shape)), {}});
  return {std::move(views), "the list"};
}

void check_any_network(const TensorSource& source) {
  if (source.find("encoder.conv_in.weight") != nullptr) {
    check_network<AutoEncoder>(autoencoder_config_from_tensors(source), source);
  } else if (source.find("shared.weight") != nullptr) {
    check_network<T5Encoder>(t5_config_from_tensors(source), source);
  } else if (source.find("text_model.final_layer_norm.weight") != nullptr) {
    check_network<ClipTextEncoder>(clip_text_config_from_tensors(source), source);
  } else {
    check_network<FluxTransformer>(flux_config_from_tensors(source), source);
  }
}

/// A check that passes where `run` does not throw; the problem stands in the place of the measure.
template <typename Run>
CheckResult checked(const std::string& name, const std::string& what, const Run& run) {
  try {
    run();
    return {name, what, 0, 0, true};
  } catch (const PalimpsestError& problem) {
    return {name, problem.error().message, 1, 0, false};
  }
}

}  // namespace

std::vector<CheckResult> verify_names(const Json& golden) {
  std::vector<CheckResult> results;
  for (const auto& [name, shapes] : *golden.as_object()) {
    const NamedViews source = named_shapes(shapes);
    results.push_back(checked(name, "names and shapes", [&source] { check_any_network(source); }));
  }
  return results;
}

std::vector<CheckResult> verify_configs(const Json& golden) {
  std::vector<CheckResult> results;
  for (const auto& [name, config] : *golden.as_object()) {
    if (const Json* params = config.find("params"))
      results.push_back(checked(name, "transformer", [params] { flux_config_from_json(*params); }));
    if (const Json* params = config.find("ae_params"))
      results.push_back(checked(name, "AutoEncoder", [params] { autoencoder_config_from_json(*params); }));
  }
  return results;
}

}  // namespace palimpsest
