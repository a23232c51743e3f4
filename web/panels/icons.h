// Signs of the Material icon font, to be drawn with Fonts::icons. The build takes exactly the characters written here
// into the page's font: a further sign is a further line.
#pragma once

namespace palimpsest::icon {

inline constexpr const char* kAdd = "\uE145";
inline constexpr const char* kAddPhotoAlternate = "\uE43E";
inline constexpr const char* kArrowBack = "\uE5C4";
inline constexpr const char* kArrowForward = "\uE5C8";
inline constexpr const char* kAutoAwesome = "\uE65F";
inline constexpr const char* kBrush = "\uE3AE";
inline constexpr const char* kCasino = "\uEB40";
inline constexpr const char* kCheck = "\uE5CA";
inline constexpr const char* kChevronLeft = "\uE5CB";
inline constexpr const char* kChevronRight = "\uE5CC";
inline constexpr const char* kClose = "\uE5CD";
inline constexpr const char* kCode = "\uE86F";
inline constexpr const char* kCompare = "\uE3B9";
inline constexpr const char* kContentCopy = "\uE14D";
inline constexpr const char* kDarkMode = "\uE51C";
inline constexpr const char* kDelete = "\uE872";
inline constexpr const char* kDns = "\uE875";
inline constexpr const char* kEdit = "\uE3C9";
inline constexpr const char* kErrorOutline = "\uE001";
inline constexpr const char* kExpandLess = "\uE5CE";
inline constexpr const char* kExpandMore = "\uE5CF";
inline constexpr const char* kFileDownload = "\uE2C4";
inline constexpr const char* kFileUpload = "\uE2C6";
inline constexpr const char* kFitScreen = "\uEA10";
inline constexpr const char* kFullscreen = "\uE5D0";
inline constexpr const char* kFullscreenExit = "\uE5D1";
inline constexpr const char* kGridView = "\uE9B0";
inline constexpr const char* kHelpOutline = "\uE8FD";
inline constexpr const char* kHistory = "\uE889";
inline constexpr const char* kImage = "\uE3F4";
inline constexpr const char* kInfo = "\uE88E";
inline constexpr const char* kInvertColors = "\uE891";
inline constexpr const char* kKeyboard = "\uE312";
inline constexpr const char* kLightMode = "\uE518";
inline constexpr const char* kLink = "\uE157";
inline constexpr const char* kLock = "\uE897";
inline constexpr const char* kLockOpen = "\uE898";
inline constexpr const char* kMenu = "\uE5D2";
inline constexpr const char* kMoreVert = "\uE5D4";
inline constexpr const char* kPlayArrow = "\uE037";
inline constexpr const char* kRedo = "\uE15A";
inline constexpr const char* kRefresh = "\uE5D5";
inline constexpr const char* kRemove = "\uE15B";
inline constexpr const char* kSearch = "\uE8B6";
inline constexpr const char* kSettings = "\uE8B8";
inline constexpr const char* kShare = "\uE80D";
inline constexpr const char* kStar = "\uE838";
inline constexpr const char* kStarBorder = "\uE83A";
inline constexpr const char* kStop = "\uE047";
inline constexpr const char* kSwapHoriz = "\uE8D4";
inline constexpr const char* kTune = "\uE429";
inline constexpr const char* kUndo = "\uE166";
inline constexpr const char* kVisibility = "\uE8F4";

}  // namespace palimpsest::icon
