#include "native/checkpoint/inspection.h"

#include <algorithm>
#include <filesystem>

#include "shared/base/error.h"
#include "shared/base/utf8.h"
#include "shared/tensor/dtype.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

void add_to_totals(const HostView& view, std::vector<DTypeTotal>& totals) {
  auto total = std::find_if(totals.begin(), totals.end(), [&](const auto& entry) { return entry.dtype == view.dtype; });
  if (total == totals.end()) total = totals.insert(totals.end(), {view.dtype, 0, 0});
  total->tensors += 1;
  total->bytes += view.bytes.size();
}

Inspection inspect_weights(const Weights& weights) {
  const TensorSource& source = *weights.tensors;
  Inspection result;
  result.file = source.description();
  result.metadata = weights.metadata;
  result.files = weights.files.size();
  result.is_lora = is_lora(source);
  for (const auto& file : weights.files) result.file_bytes += file->bytes().size();
  for (std::string& name : source.names()) {
    const HostView& view = *source.find(name);
    result.parameters += static_cast<std::uint64_t>(view.shape.element_count());
    add_to_totals(view, result.dtypes);
    result.tensors.push_back({std::move(name), view.dtype, view.shape});
  }
  std::stable_sort(result.dtypes.begin(), result.dtypes.end(),
                   [](const DTypeTotal& a, const DTypeTotal& b) { return a.bytes > b.bytes; });
  for (FoundNetwork& network : recognise_networks(source)) {
    Json::Object figures = figures_of(source, network);
    result.networks.push_back({std::move(network), std::move(figures)});
  }
  return result;
}

std::vector<Inspection> inspect_folder(const std::string& path) {
  const ModelFolder folder(path);
  std::vector<std::string> subfolders = {""};
  std::error_code ignored;
  for (std::string& name : folder.names_in("")) {
    if (fs::is_directory(fs::path(path) / name, ignored)) subfolders.push_back(std::move(name));
  }
  std::vector<Inspection> found;
  for (const std::string& subfolder : subfolders) {
    for (const WeightSet& set : weight_sets_in(folder, subfolder))
      found.push_back(inspect_weights(open_weight_set(folder, subfolder, set)));
  }
  if (found.empty())
    fail("MODEL_NOT_FOUND", folder.describe("") + ": there are no .safetensors files here or one folder below; " +
                                listed(folder.names_in("")) + " found");
  return found;
}

Json to_json(const InspectedNetwork& inspected) {
  Json json(Json::Object{{"network", std::string(name_of(inspected.network.kind))},
                         {"names", std::string(name_of(inspected.network.names))},
                         {"prefix", inspected.network.prefix}});
  for (const auto& [key, value] : inspected.figures) json.set(key, value);
  return json;
}

Json to_json(const InspectedTensor& tensor) {
  Json::Array shape;
  for (const std::int64_t dim : tensor.shape.dims()) shape.emplace_back(dim);
  return Json::Object{
      {"name", tensor.name}, {"dtype", std::string(name_of(tensor.dtype))}, {"shape", std::move(shape)}};
}

Json to_json(const DTypeTotal& total) {
  return Json::Object{{"dtype", std::string(name_of(total.dtype))}, {"tensors", total.tensors}, {"bytes", total.bytes}};
}

template <typename T>
Json array_of(const std::vector<T>& values) {
  Json::Array array;
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

}  // namespace

std::vector<Inspection> inspect(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return inspect_folder(path);
  return {inspect_weights(open_weight_file(path, printable(path, 300)))};
}

Json to_json(const Inspection& inspection) {
  return Json::Object{{"file", inspection.file},
                      {"format", "safetensors"},
                      {"files", inspection.files},
                      {"file_bytes", inspection.file_bytes},
                      {"parameters", inspection.parameters},
                      {"dtypes", array_of(inspection.dtypes)},
                      {"networks", array_of(inspection.networks)},
                      {"is_lora", inspection.is_lora},
                      {"metadata", inspection.metadata},
                      {"tensors", array_of(inspection.tensors)}};
}

}  // namespace palimpsest
