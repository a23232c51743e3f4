#pragma once

namespace palimpsest {

/// Lets the process keep the memory of freed pictures instead of giving it back to the system each time: fetching the
/// pages anew costs more than encoding them (two thirds of a PNG's time). For programs that handle many pictures, to be
/// called once at their start. Up to 256 MiB stay with the process.
void keep_freed_memory();

}  // namespace palimpsest
