#include "shared/api/sse.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace palimpsest;
using namespace std::string_literals;

namespace {

// The events of a stream that arrives in pieces of one length.
std::vector<SseEvent> decoded(const std::string& stream, std::size_t piece) {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  for (std::size_t i = 0; i < stream.size(); i += piece) {
    for (SseEvent& event : decoder.feed(std::string_view(stream).substr(i, piece))) events.push_back(std::move(event));
  }
  CHECK_FALSE(decoder.error());
  return events;
}

const std::string kStream =
    "\xEF\xBB\xBF: hello\n\nevent: progress\r\ndata: {\"a\":\r\ndata: 1}\r\nid: 7\r\n\r\n"
    "data\n\nunknown: x\ndata:  two\rdata:three\r\revent: lost\n\nid: 8\0\nretry: 250\ndata: end\n\ndata: cut"s;

}  // namespace

TEST_CASE("a stream gives the same events in whatever pieces it arrives") {
  const std::vector<SseEvent> want = {
      {"progress", "{\"a\":\n1}", "7"}, {"", "", "7"}, {"", " two\nthree", "7"}, {"", "end", "7"}};
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, kStream.size()}) {
    CAPTURE(piece);
    CHECK(decoded(kStream, piece) == want);
  }
}

TEST_CASE("id and retry are kept for opening the stream again") {
  SseDecoder decoder;
  decoder.feed("id: 41\nretry: 1500\nretry: soon\nretry: 99999999\n");
  CHECK(decoder.last_id() == "41");
  CHECK(decoder.retry_ms() == 1500);
  decoder.feed(std::string("id: 4\0002\n", 8));
  CHECK(decoder.last_id() == "41");
}

TEST_CASE("what is encoded is decoded as it was") {
  const std::vector<SseEvent> events = {
      {"image_edit.completed", "{\"b64_json\":\"AAAA\"}", "12"}, {"", "two\nlines", "12"}, {"x", "", "12"}};
  std::string stream = encode_sse_comment("still here\n\ndata: not an event");
  for (const SseEvent& event : events) stream += encode_sse(event) + encode_sse_comment("");
  CHECK(decoded(stream, 5) == events);
}

TEST_CASE("names and ids cannot break out of their lines") {
  const SseEvent event{"a\ndata: forged\n\n", "x\r\ny\rz", "1\r\n\r\n"};
  CHECK(decoded(encode_sse(event), 3) == std::vector<SseEvent>{{"adata: forged", "x\ny\nz", "1"}});
}

TEST_CASE("an event without end is given up at the limit") {
  SseDecoder decoder(100);
  CHECK(decoder.feed("data: " + std::string(60, 'a') + "\n").empty());
  CHECK_FALSE(decoder.error());
  CHECK(decoder.feed("data: " + std::string(60, 'b')).empty());
  REQUIRE(decoder.error());
  CHECK(decoder.error()->code == "sse_too_large");
  CHECK(decoder.feed("\n\ndata: late\n\n").empty());
}
