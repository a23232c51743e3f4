// shared/catalog: which models, parameters, limits, providers and prices there are: one data file, catalog.json, that
// the schema route, the page's form, the command line's help, validation and the providers' adapters are all read from.
// Any folder above it may include it; it includes shared/base only and never throws on bad text.
// Start with catalog.json, then here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/json.h"
#include "shared/base/result.h"

namespace palimpsest {

/// What a request asks for: text to image, or the edit of a picture.
enum class Mode { generate, edit };
/// `generate`, `edit`.
std::string_view name_of(Mode mode);

enum class ParameterType { string, integer, number, boolean, image, list };
/// As in catalog.json.
std::string_view name_of(ParameterType type);

/// What happens to a parameter on its way to a provider.
enum class Handling {
  passed,     ///< sent as it is
  renamed,    ///< sent under another name
  converted,  ///< sent as another value, perhaps under another name
  emulated,   ///< not sent: done here
  ignored,    ///< without effect, which the answer's warnings say
};
/// As in catalog.json.
std::string_view name_of(Handling handling);

/// How one provider honours one parameter.
struct ParameterSupport {
  std::string provider;
  Handling how = Handling::passed;
  std::string name = {};                             ///< the provider's name of it; empty: the same
  std::optional<double> minimum = {}, maximum = {};  ///< narrower limits that values are brought into
  std::optional<double> edit_maximum = {};           ///< the same with an input picture
  std::string as = {};  ///< what a converted value becomes: `integer`, `low_32_bits`, `ratio`; empty: see the adapter
  std::string fixed = {};                ///< what is always sent, whatever the request says
  std::vector<std::string> values = {};  ///< the values taken, where not all are
  std::string note = {};
};

/// One request parameter.
struct Parameter {
  std::string name;
  std::vector<std::string> aliases;  ///< other names accepted in requests
  ParameterType type = ParameterType::string;
  std::string format;  ///< `size`, `aspect_ratio` or `uint64` where a plain type does not say enough; else empty
  std::string group;
  std::string description;
  std::vector<Mode> modes;
  bool required = false;     ///< in all of `modes`
  bool multiline = false;    ///< a text of several lines
  bool openai = false;       ///< known to the official clients, which need extra_body for others
  bool http_only = false;    ///< no command-line option of its own
  bool decisive = false;     ///< the router passes by who would ignore it
  Json default_value;        ///< null where there is none
  std::string default_text;  ///< what happens by default where there is no value
  std::optional<double> minimum, maximum;
  std::optional<std::int64_t> max_bytes;  ///< of a string
  std::optional<std::int64_t> max_items;  ///< of a list
  std::vector<std::string> values;        ///< the only strings allowed, where not empty
  std::vector<Parameter> fields;          ///< of a list's items, which are objects
  std::vector<ParameterSupport> support;

  bool is_for(Mode mode) const;
  bool answers_to(std::string_view key) const;
  /// nullptr where the provider is not named.
  const ParameterSupport* support_of(std::string_view provider) const;
};

/// Reads `generate` or `edit`. Errors: `catalog_invalid`.
Result<Mode> parse_mode(const Json& json, const std::string& pointer = "");

/// One entry of catalog.json or of a server's schema. Members that it does not know are skipped, since a newer server
/// may send more. Errors: `catalog_invalid` with the JSON pointer, `pointer` being that of `json`.
Result<Parameter> parse_parameter(const Json& json, const std::string& pointer = "");

/// The entry again: parse_parameter(to_json(p)) equals p.
Json to_json(const Parameter& parameter);

}  // namespace palimpsest
