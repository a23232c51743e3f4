#pragma once

#include <span>

namespace palimpsest {

/// The steps that make the tables of the data folder, oldest first; step i leads from version i to i + 1. A step that
/// has been released is never edited: changes are new steps.
std::span<const char* const> schema_migrations();

}  // namespace palimpsest
