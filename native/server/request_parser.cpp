#include "native/server/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <utility>

namespace palimpsest {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// A body of Beast's that hands all bytes on.
struct ForwardedBody {
  using value_type = RequestBody*;

  class reader {
   public:
    template <bool is_request, typename Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, beast::error_code& error) { error = {}; }

    template <typename Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& error) {
      error = {};
      std::size_t used = 0;
      for (const auto& buffer : beast::buffers_range_ref(buffers)) {
        used += buffer.size();
        if (!body_->write({static_cast<const char*>(buffer.data()), buffer.size()})) error = http::error::body_limit;
      }
      return used;
    }

    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

Error malformed(std::string message) {
  return {"malformed_request", std::move(message)};
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct RequestParser::Beast {
  http::request_parser<ForwardedBody> parser;
};

RequestParser::RequestParser() : beast_(std::make_unique<Beast>()) {}
RequestParser::~RequestParser() = default;

Result<ParsedHead> RequestParser::read_head(std::string_view head) {
  auto& parser = beast_->parser;
  parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
  parser.body_limit(boost::none);  // RequestBody counts
  beast::error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) {
    return malformed("The request's head is malformed: " + error.message());
  }
  const auto& message = parser.get();
  Result<Target> target = parse_target(view(message.target()));
  if (!target) return target.error();

  ParsedHead parsed;
  parsed.keep_alive = parser.keep_alive();
  HttpRequest& request = parsed.request;
  request.version = static_cast<int>(message.version());
  request.method = view(message.method_string());
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  for (const auto& field : message) {
    request.headers.add(std::string(view(field.name_string())), std::string(view(field.value())));
  }
  Result<Framing> framing = check_framing(request);
  if (!framing) return framing.error();
  parsed.framing = *framing;
  return parsed;
}

RequestParser::Progress RequestParser::read_body(std::string_view bytes, RequestBody& body) {
  // Handed over in pieces: what the parser cannot use any of is a chunk's head or a trailer that is too long.
  constexpr std::size_t kPieceBytes = std::size_t{16} << 10;
  auto& parser = beast_->parser;
  parser.get().body() = &body;
  parser.eager(true);
  Progress progress;
  while (!parser.is_done() && !progress.error && progress.used_bytes < bytes.size()) {
    const std::string_view piece = bytes.substr(progress.used_bytes, kPieceBytes);
    beast::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(piece.data(), piece.size()), error);
    progress.used_bytes += used;
    if (body.error()) {
      progress.error = body.error();
    } else if (error && error != http::error::need_more) {
      progress.error = malformed("The request's body is malformed: " + error.message());
    } else if (used == 0 && piece.size() == kPieceBytes) {
      progress.error = malformed("A chunk's head or the trailer of the request's body is too long");
    } else if (used == 0) {
      break;
    }
  }
  progress.is_done = parser.is_done();
  return progress;
}

}  // namespace palimpsest
