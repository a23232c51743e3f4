#include "shared/portable/elements.h"

#include "shared/base/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/elements.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<float> kFloats;
const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> kHalves;
const hn::Rebind<std::uint32_t, hn::ScalableTag<float>> kBits;
const hn::Rebind<std::int32_t, hn::ScalableTag<float>> kSigned;

void widen_bf16(const std::uint16_t* from, std::int64_t count, float* to) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(kFloats));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::ShiftLeft<16>(hn::PromoteTo(kBits, hn::LoadU(kHalves, from + i)));
    hn::StoreU(hn::BitCast(kFloats, bits), kFloats, to + i);
  }
  for (; i < count; ++i) to[i] = float_from_bf16(from[i]);
}

void narrow_bf16(const float* from, std::int64_t count, std::uint16_t* to) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(kFloats));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(kFloats, from + i);
    const auto bits = hn::BitCast(kBits, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kBits, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(kBits, 0x7fff))));
    const auto quiet = hn::Or(hn::ShiftRight<16>(bits), hn::Set(kBits, 0x40));
    const auto nan = hn::RebindMask(kBits, hn::IsNaN(value));
    const auto result = hn::IfThenElse(nan, quiet, rounded);
    hn::StoreU(hn::DemoteTo(kHalves, hn::BitCast(kSigned, result)), kHalves, to + i);
  }
  for (; i < count; ++i) to[i] = bf16_from_float(from[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(widen_bf16);
HWY_EXPORT(narrow_bf16);

/// Weights in a file may begin at any byte.
template <typename T>
T load_element(const std::byte* from, std::int64_t index) {
  T value;
  std::memcpy(&value, from + index * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

void widen_unaligned_bf16(const std::byte* from, std::int64_t count, float* to) {
  std::uint16_t aligned[kChunk];
  for_chunks(count, [&](std::int64_t begin, std::int64_t part) {
    std::memcpy(aligned, from + 2 * begin, static_cast<std::size_t>(2 * part));
    HWY_DYNAMIC_DISPATCH(widen_bf16)(aligned, part, to + begin);
  });
}

}  // namespace

void widen(const Elements& from, std::int64_t count, float* to) {
  switch (from.dtype) {
    case DType::f32:
      std::memcpy(to, from.address, static_cast<std::size_t>(count) * sizeof(float));
      return;
    case DType::bf16:
      if (reinterpret_cast<std::uintptr_t>(from.address) % 2 != 0) return widen_unaligned_bf16(from.address, count, to);
      HWY_DYNAMIC_DISPATCH(widen_bf16)(reinterpret_cast<const std::uint16_t*>(from.address), count, to);
      return;
    case DType::f16:
      for (std::int64_t i = 0; i < count; ++i) to[i] = float_from_f16(load_element<std::uint16_t>(from.address, i));
      return;
    case DType::i32:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(load_element<std::int32_t>(from.address, i));
      return;
    default:
      fail(codes::kInvalidValue, "values of " + std::string(name_of(from.dtype)) + " cannot be read as numbers here");
  }
}

void narrow(const float* from, std::int64_t count, const Elements& to) {
  if (to.dtype == DType::f32) {
    std::memcpy(to.address, from, static_cast<std::size_t>(count) * sizeof(float));
  } else {
    HWY_DYNAMIC_DISPATCH(narrow_bf16)(from, count, reinterpret_cast<std::uint16_t*>(to.address));
  }
}

void convert(const Elements& from, std::int64_t count, const Elements& to) {
  if (from.dtype == to.dtype) {
    std::memcpy(to.address, from.address, static_cast<std::size_t>(count * (bits_of(to.dtype) / 8)));
    return;
  }
  if (to.dtype == DType::f32) return widen(from, count, reinterpret_cast<float*>(to.address));
  float values[kChunk];
  for_chunks(count, [&](std::int64_t begin, std::int64_t part) {
    widen(from.at(begin), part, values);
    narrow(values, part, to.at(begin));
  });
}

}  // namespace palimpsest
#endif
