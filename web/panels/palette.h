#pragma once

#include <imgui.h>

#include <string>

#include "web/app_state.h"

namespace palimpsest {

/// Colours by their part. Each text colour is legible (4.5:1) on each ground, which a test computes.
struct Palette {
  ImU32 background, surface, raised, line, edge, text, muted, accent, on_accent, ok, bad;
};

/// The colours of a theme, with those that the page around names: brought to 4.5:1 where they fall short.
Palette palette_of(Theme theme, const HostTheme& host = {});

/// Contrast of two opaque colours, 1 to 21. Source: WCAG 2.2, contrast ratio.
double contrast(ImU32 a, ImU32 b);

/// `a` with a share of `b`, 0 to 1.
ImU32 mixed(ImU32 a, ImU32 b, float share);

/// "#1f2228".
std::string css_color(ImU32 color);

}  // namespace palimpsest
