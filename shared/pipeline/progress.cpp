#include "shared/pipeline/progress.h"

namespace palimpsest {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::encode_text:
      return "encode_text";
    case Phase::encode_image:
      return "encode_image";
    case Phase::denoise:
      return "denoise";
    case Phase::decode:
      return "decode";
  }
  return "";
}

}  // namespace palimpsest
