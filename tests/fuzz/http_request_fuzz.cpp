#include "native/server/request_head.h"
#include "native/server/request_parser.h"
#include "tests/fuzz/fuzz_input.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

constexpr std::size_t kMaxHeadBytes = 1024, kMaxTargetBytes = 256, kMaxBodyBytes = 512;

std::shared_ptr<BodyBudget> budget() {
  static const auto shared = std::make_shared<BodyBudget>(std::size_t{1} << 20);
  return shared;
}

RequestParser::Progress read_body(RequestParser& parser, RequestBody& body, std::string_view bytes, std::size_t piece) {
  RequestParser::Progress progress;
  std::string waiting;
  for (std::size_t at = 0; at < bytes.size() && !progress.is_done && !progress.error; at += piece) {
    waiting += bytes.substr(at, piece);
    progress = parser.read_body(waiting, body);
    promise(progress.used_bytes <= waiting.size());
    waiting.erase(0, progress.used_bytes);
  }
  return progress;
}

}  // namespace

/// A head is judged the same whole and in part, what passes has one Host and one framing, and a body is decoded the
/// same in whatever pieces it arrives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = text_of(data, size);
  const HeadScan scan = scan_head(bytes, kMaxHeadBytes, kMaxTargetBytes);
  for (std::size_t part = 0; part < bytes.size(); part += 1 + bytes.size() / 16) {
    const HeadScan early = scan_head(bytes.substr(0, part), kMaxHeadBytes, kMaxTargetBytes);
    if (early.refusal) promise(scan.refusal.has_value());
    if (early.size > 0) promise(early.size == scan.size);
  }
  if (scan.refusal || scan.size == 0) return 0;
  promise(scan.size <= kMaxHeadBytes);

  RequestParser whole, split;
  const Result<ParsedHead> head = whole.read_head(bytes.substr(0, scan.size));
  promise(static_cast<bool>(split.read_head(bytes.substr(0, scan.size))) == static_cast<bool>(head));
  if (!head) return 0;
  promise(head->request.headers.count("host") == 1);
  promise(!(head->framing.is_chunked && head->framing.length));
  if (!head->framing.has_body()) return 0;

  RequestBody whole_body(kMaxBodyBytes, BodyShare(budget())), split_body(kMaxBodyBytes, BodyShare(budget()));
  const auto once = read_body(whole, whole_body, bytes.substr(scan.size), bytes.size());
  const auto often = read_body(split, split_body, bytes.substr(scan.size), 3);
  promise(once.is_done == often.is_done && once.error.has_value() == often.error.has_value());
  HttpRequest one, other;
  if (!once.is_done || whole_body.finish(one) || split_body.finish(other)) return 0;
  promise(one.body == other.body && one.body.size() <= kMaxBodyBytes);
  return 0;
}
