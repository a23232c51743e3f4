#include "native/imaging/xmp.h"

#include <string_view>

namespace palimpsest {
namespace {

std::string escaped(std::string_view text) {
  std::string xml;
  for (const char c : text) {
    if (c == '&')
      xml += "&amp;";
    else if (c == '<')
      xml += "&lt;";
    else if (c == '>')
      xml += "&gt;";
    else
      xml += c;
  }
  return xml;
}

}  // namespace

std::string xmp_packet(const ImageText& text) {
  // The identifier is the standard's own constant.
  std::string xml =
      "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
      "<rdf:Description rdf:about=\"\" xmlns:p=\"urn:palimpsest:text\"><p:text><rdf:Bag>\n";
  for (const auto& [key, value] : text) {
    xml += "<rdf:li rdf:parseType=\"Resource\"><p:key>" + escaped(key) + "</p:key><p:value>" + escaped(value) +
           "</p:value></rdf:li>\n";
  }
  return xml + "</rdf:Bag></p:text></rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>";
}

}  // namespace palimpsest
