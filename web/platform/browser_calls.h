// Calls of embed/browser.js: each only finds the JavaScript side and turns pointers into its values. Included by
// platform_emscripten.cpp alone, since EM_JS defines.
#pragma once

#include <emscripten.h>

// clang-format off
EM_JS(void, browser_attach, (), {
  Module['browser'].attach({
    exports: Module,
    lend(bytes, use) {
      const pointer = _malloc(bytes.length + 1);
      HEAPU8.set(bytes, pointer);
      HEAPU8[pointer + bytes.length] = 0;
      use(pointer, bytes.length);
      _free(pointer);
    },
    takeText(pointer) {
      const text = UTF8ToString(pointer);
      _free(pointer);
      return text;
    },
    giveText(text) {
      const length = lengthBytesUTF8(text) + 1;
      const pointer = _malloc(length);
      stringToUTF8(text, pointer, length);
      return pointer;
    },
    makeContext(canvas, attributes) {
      const context = GL.createContext(canvas, attributes);
      return context && GL.makeContextCurrent(context) ? GL.currentContext.GLctx : null;
    },
    newTextureName() { return GL.getNewId(GL.textures); },
    setTexture(name, texture) {
      if (texture) texture.name = name;
      GL.textures[name] = texture;
    }
  });
})
EM_JS(void, browser_send, (int call, const char* description, const char* body, int length), {
  const sent = length < 0 ? undefined : HEAPU8.slice(body, body + length);
  Module['browser'].network.send(call, JSON.parse(UTF8ToString(description)), sent);
})
EM_JS(void, browser_abort, (int call), { Module['browser'].network.abort(call); })
EM_JS(void, browser_decode, (int picture, const char* bytes, int length), {
  Module['browser'].pictures.decode(picture, HEAPU8.slice(bytes, bytes + length));
})
EM_JS(void, browser_release, (int picture), { Module['browser'].pictures.release(picture); })
EM_JS(void, browser_browse, (const char* parameter), { Module['browser'].files.browse(UTF8ToString(parameter)); })
EM_JS(void, browser_save, (const char* name, const char* type, const char* bytes, int length), {
  Module['browser'].files.save(UTF8ToString(name), UTF8ToString(type), HEAPU8.slice(bytes, bytes + length));
})
EM_JS(void, browser_copy, (const char* text), { Module['browser'].files.copy(UTF8ToString(text)); })
EM_JS(void, browser_store, (const char* key, const char* text), {
  Module['browser'].files.store(UTF8ToString(key), UTF8ToString(text));
})
EM_JS(char*, browser_stored, (const char* key), {
  const browser = Module['browser'];
  return browser.module.giveText(browser.files.stored(UTF8ToString(key)));
})
EM_JS(void, browser_place, (const char* fields), { Module['browser'].fields.place(JSON.parse(UTF8ToString(fields))); })
EM_JS(void, browser_title, (const char* title), { Module['browser'].setTitle(UTF8ToString(title)); })
EM_JS(void, browser_colors, (const char* colors), { Module['browser'].setColors(JSON.parse(UTF8ToString(colors))); })
EM_JS(void, browser_fullscreen, (), { Module['browser'].toggleFullscreen(); })
EM_JS(void, browser_tell, (const char* name, const char* detail), {
  Module['browser'].tellHost(UTF8ToString(name), JSON.parse(UTF8ToString(detail)));
})
EM_JS(char*, browser_ask, (const char* name, const char* detail), {
  const browser = Module['browser'];
  const answer = browser.askHost(UTF8ToString(name), JSON.parse(UTF8ToString(detail)));
  return browser.module.giveText(JSON.stringify(answer));
})
EM_JS(void, browser_attention, (const char* text, int with_sound, int with_notification), {
  Module['browser'].attention.call(UTF8ToString(text), !!with_sound, !!with_notification);
})
EM_JS(void, browser_wake, (double seconds), { Module['browser'].wakeIn(seconds); })
EM_JS(void, browser_fail, (const char* message), { Module['browser'].showFailure(UTF8ToString(message)); })
// clang-format on
