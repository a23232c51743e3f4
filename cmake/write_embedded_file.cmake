# Writes SOURCE, which defines FUNCTION with the bytes of FILE; run by palimpsest_embed.
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${SOURCE} "#include <string_view>

namespace palimpsest {

std::string_view ${FUNCTION}();

std::string_view ${FUNCTION}() {
  static constexpr unsigned char bytes[] = {
${bytes}
};
  return {reinterpret_cast<const char*>(bytes), sizeof(bytes)};
}

}  // namespace palimpsest
")
