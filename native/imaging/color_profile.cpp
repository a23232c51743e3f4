#include "native/imaging/color_profile.h"

#include <lcms2.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace palimpsest {
namespace {

struct CloseProfile {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
struct DeleteTransform {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Context = std::unique_ptr<std::remove_pointer_t<cmsContext>, FreeWith<cmsDeleteContext>>;
using Profile = std::unique_ptr<void, CloseProfile>;
using Transform = std::unique_ptr<void, DeleteTransform>;

/// How lcms calls the samples of a frame: of its profile's colours, and of the same pixels in sRGB.
struct SampleTypes {
  cmsColorSpaceSignature space;
  cmsUInt32Number from, to;
};

SampleTypes sample_types(const Frame& frame) {
  if (frame.model == ColorModel::cmyk) return {cmsSigCmykData, TYPE_CMYK_8, TYPE_RGB_8};
  const bool alpha = frame.image.channels == 4;
  const auto rgb = static_cast<cmsUInt32Number>(alpha ? TYPE_RGBA_8 : TYPE_RGB_8);
  if (frame.model == ColorModel::grey) {
    // Grey is stored three times: the first sample is read, the others are skipped as extra ones.
    const cmsUInt32Number grey = COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | EXTRA_SH(alpha ? 3 : 2) | BYTES_SH(1);
    return {cmsSigGrayData, grey, rgb};
  }
  return {cmsSigRgbData, rgb, rgb};
}

Profile make_profile(cmsContext context, const ColorSpace& space) {
  using Curve = std::unique_ptr<cmsToneCurve, FreeWith<cmsFreeToneCurve>>;
  // sRGB's curve as lcms parametrises it (type 4 of the ICC specification, 10.18).
  constexpr std::array<double, 5> kSrgb = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  const Curve curve(space.gamma ? cmsBuildGamma(context, *space.gamma)
                                : cmsBuildParametricToneCurve(context, 4, kSrgb.data()));
  if (!curve) return nullptr;
  const cmsCIExyY white = {space.white_x, space.white_y, 1};
  const cmsCIExyYTRIPLE primaries = {
      {space.red_x, space.red_y, 1}, {space.green_x, space.green_y, 1}, {space.blue_x, space.blue_y, 1}};
  cmsToneCurve* curves[3] = {curve.get(), curve.get(), curve.get()};
  return Profile(cmsCreateRGBProfileTHR(context, &white, &primaries, curves));
}

/// Whether no colour moves by more than one level: the profile is sRGB under another name, and the samples stay exact.
bool is_identity(cmsHTRANSFORM transform) {
  for (int r = 0; r <= 255; r += 15) {
    for (int g = 0; g <= 255; g += 15) {
      for (int b = 0; b <= 255; b += 15) {
        const std::array<std::uint8_t, 4> from = {static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                                                  static_cast<std::uint8_t>(b), 255};
        std::array<std::uint8_t, 4> to = from;
        cmsDoTransform(transform, from.data(), to.data(), 1);
        for (std::size_t c = 0; c < 3; ++c) {
          if (std::abs(from[c] - to[c]) > 1) return false;
        }
      }
    }
  }
  return true;
}

void convert(Frame& frame, cmsHTRANSFORM transform) {
  Image& image = frame.image;
  const auto width = static_cast<cmsUInt32Number>(image.width);
  if (frame.model == ColorModel::cmyk) {
    Image rgb(image.size(), 3);
    for (int y = 0; y < image.height; ++y) cmsDoTransform(transform, image.row(y), rgb.row(y), width);
    image = std::move(rgb);
    return;
  }
  if (frame.model == ColorModel::rgb && is_identity(transform)) return;
  std::vector<std::uint8_t> row(image.row_bytes());
  for (int y = 0; y < image.height; ++y) {
    row.assign(image.row(y), image.row(y) + image.row_bytes());  // alpha stays where it is
    cmsDoTransform(transform, row.data(), image.row(y), width);
  }
}

/// Converts by `profile`; false where it does not fit the frame's samples.
bool convert_by(cmsContext context, Frame& frame, const Profile& profile) {
  const SampleTypes types = sample_types(frame);
  if (!profile || cmsGetColorSpace(profile.get()) != types.space) return false;
  const Profile srgb(cmsCreate_sRGBProfileTHR(context));
  if (!srgb) return false;
  const Transform transform(
      cmsCreateTransformTHR(context, profile.get(), types.from, srgb.get(), types.to, INTENT_PERCEPTUAL, 0));
  if (!transform) return false;
  convert(frame, transform.get());
  return true;
}

void convert_cmyk_plainly(Image& image) {
  Image rgb(image.size(), 3);
  const std::size_t count = image.pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const int white = 255 - image.pixels[i * 4 + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      rgb.pixels[i * 3 + c] = static_cast<std::uint8_t>(((255 - image.pixels[i * 4 + c]) * white + 127) / 255);
    }
  }
  image = std::move(rgb);
}

/// Converts by the frame's ICC profile; false, with a warning, where there is none to use.
bool convert_by_icc(cmsContext context, Frame& frame) {
  if (frame.icc_profile.empty()) return false;
  if (frame.icc_profile.size() > kMaxIccBytes) {
    frame.warnings.push_back("the colour profile is above 4 MiB and was ignored");
    return false;
  }
  const Profile profile(cmsOpenProfileFromMemTHR(context, frame.icc_profile.data(),
                                                 static_cast<cmsUInt32Number>(frame.icc_profile.size())));
  if (convert_by(context, frame, profile)) return true;
  frame.warnings.push_back("the colour profile is damaged or does not fit the picture and was ignored");
  return false;
}

}  // namespace

void convert_to_srgb(Frame& frame) {
  const Context context(cmsCreateContext(nullptr, nullptr));
  if (!context) fail(codes::kOutOfMemory, "there is not enough memory to convert the picture's colours", 500);
  bool converted = convert_by_icc(context.get(), frame);
  if (!converted && frame.color_space && frame.model != ColorModel::cmyk) {
    frame.model = ColorModel::rgb;  // a grey axis is a grey axis of every RGB space
    converted = convert_by(context.get(), frame, make_profile(context.get(), *frame.color_space));
  }
  if (!converted && frame.model == ColorModel::cmyk) convert_cmyk_plainly(frame.image);
  frame.model = ColorModel::rgb;
}

}  // namespace palimpsest
