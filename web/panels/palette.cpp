#include "web/panels/palette.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace palimpsest {
namespace {

constexpr double kLegible = 4.5;

// As 0xRRGGBB.
constexpr ImU32 rgb(unsigned hex) {
  return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255);
}

constexpr Palette kDark = {rgb(0x101114), rgb(0x17191D), rgb(0x23262D), rgb(0x343842), rgb(0x6B7280), rgb(0xECEDEF),
                           rgb(0xA3A8B3), rgb(0xF2B84B), rgb(0x101114), rgb(0x7FD69A), rgb(0xFF7B72)};
constexpr Palette kLight = {rgb(0xF6F6F4), rgb(0xFFFFFF), rgb(0xEDEDEA), rgb(0xD6D7DB), rgb(0x7A808C), rgb(0x17181B),
                            rgb(0x565C67), rgb(0x8A5200), rgb(0xFFFFFF), rgb(0x1B703A), rgb(0xB3261E)};

double luminance(ImU32 color) {
  const auto channel = [&](int shift) {
    const double c = static_cast<double>((color >> shift) & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(IM_COL32_R_SHIFT) + 0.7152 * channel(IM_COL32_G_SHIFT) + 0.0722 * channel(IM_COL32_B_SHIFT);
}

/// The colour, moved towards `end` until it is legible on all grounds.
ImU32 made_legible(ImU32 color, ImU32 end, const Palette& on) {
  for (float share = 0; share < 1; share += 0.05F) {
    const ImU32 candidate = mixed(color, end, share);
    const double least =
        std::min({contrast(candidate, on.background), contrast(candidate, on.surface), contrast(candidate, on.raised)});
    if (least >= kLegible) return candidate;
  }
  return end;
}

}  // namespace

double contrast(ImU32 a, ImU32 b) {
  const double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
  return std::max(one, other) / std::min(one, other);
}

ImU32 mixed(ImU32 a, ImU32 b, float share) {
  const ImVec4 from = ImGui::ColorConvertU32ToFloat4(a), to = ImGui::ColorConvertU32ToFloat4(b);
  return ImGui::ColorConvertFloat4ToU32(
      {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, from.z + (to.z - from.z) * share, 1});
}

Palette palette_of(Theme theme, const HostTheme& host) {
  Palette colors = theme == Theme::dark ? kDark : kLight;
  if (!host.background && !host.text && !host.accent) return colors;
  const ImU32 end = theme == Theme::dark ? IM_COL32_WHITE : IM_COL32_BLACK;
  if (host.background) {
    colors.background = colors.surface = rgb(*host.background);
    colors.raised = mixed(colors.background, end, 0.07F);
    colors.line = mixed(colors.background, end, 0.16F);
    colors.edge = mixed(colors.background, end, 0.45F);
  }
  colors.text = made_legible(host.text ? rgb(*host.text) : colors.text, end, colors);
  colors.muted = made_legible(mixed(colors.text, colors.background, 0.35F), colors.text, colors);
  colors.accent = made_legible(host.accent ? rgb(*host.accent) : colors.accent, end, colors);
  colors.ok = made_legible(colors.ok, end, colors);
  colors.bad = made_legible(colors.bad, end, colors);
  const ImU32 black = rgb(0x101114);
  colors.on_accent = contrast(black, colors.accent) > contrast(IM_COL32_WHITE, colors.accent) ? black : IM_COL32_WHITE;
  return colors;
}

std::string css_color(ImU32 color) {
  char text[8];
  std::snprintf(text, sizeof(text), "#%02x%02x%02x", (color >> IM_COL32_R_SHIFT) & 255,
                (color >> IM_COL32_G_SHIFT) & 255, (color >> IM_COL32_B_SHIFT) & 255);
  return text;
}

}  // namespace palimpsest
