#include "shared/api/snippet.h"

#include <utility>
#include <vector>

#include "shared/api/quoting.h"

namespace palimpsest {
namespace {

std::string file_name(const InputPicture& picture, const char* otherwise) {
  return picture.file_name.empty() ? otherwise : picture.file_name;
}

std::string endpoint(const GenerationRequest& request) {
  return request.mode == Mode::edit ? "/images/edits" : "/images/generations";
}

std::string output_file(const GenerationRequest& request) {
  return "picture." + request.output_format;
}

// In a form a list travels as the text of its JSON.
Json sent_value(const Json& value, Mode mode) {
  const bool as_text = mode == Mode::edit && (value.is_array() || value.is_object());
  return as_text ? Json(value.dump()) : value;
}

// --form reads @, ;, , and quotes in the value: a quoted name has only \ and " to escape.
std::string curl_file(const std::string& field, const std::string& name) {
  std::string quoted = field + "=@\"";
  for (const char c : name) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return "--form " + shell_quoted(quoted + "\"");
}

std::vector<std::string> curl_form(const GenerationRequest& request) {
  std::vector<std::string> arguments;
  for (const FormField& field : to_form_fields(request)) {
    if (!field.is_file) {
      arguments.push_back("--form-string " + shell_quoted(field.name + "=" + field.value));
      continue;
    }
    const std::string otherwise = field.name == "mask" ? "mask.png" : "input.png";
    arguments.push_back(curl_file(field.name, field.file_name.empty() ? otherwise : field.file_name));
  }
  return arguments;
}

std::string curl_snippet(const GenerationRequest& request, const SnippetOptions& options) {
  std::vector<std::string> arguments;
  if (options.needs_key) arguments.emplace_back("--header \"Authorization: Bearer $OPENAI_API_KEY\"");
  if (request.mode == Mode::edit) {
    for (std::string& argument : curl_form(request)) arguments.push_back(std::move(argument));
  } else {
    arguments.emplace_back("--header 'Content-Type: application/json'");
    arguments.push_back("--data-raw " + shell_quoted(to_json_body(request).dump()));
  }
  std::string text = std::string("curl ") + (request.stream ? "--no-buffer " : "") +
                     shell_quoted(options.base_url + endpoint(request));
  for (const std::string& argument : arguments) text += " \\\n  " + argument;
  return text + "\n";
}

// Either language's call: names and values of arguments, one a line.
using Arguments = std::vector<std::pair<std::string, std::string>>;

std::string lines(const Arguments& arguments, const char* indent, const char* separator) {
  std::string text;
  for (const auto& [name, value] : arguments) text += indent + name + separator + value + ",\n";
  return text;
}

// Pictures as arguments, opened by `open(name)`.
template <typename Open>
Arguments picture_arguments(const GenerationRequest& request, Open open) {
  Arguments arguments;
  std::string pictures;
  for (const InputPicture& picture : request.pictures) {
    pictures += (pictures.empty() ? "" : ", ") + open(file_name(picture, "input.png"));
  }
  if (request.pictures.size() > 1) pictures = "[" + pictures + "]";
  if (!pictures.empty()) arguments.emplace_back("image", pictures);
  if (request.mask) arguments.emplace_back("mask", open(file_name(*request.mask, "mask.png")));
  return arguments;
}

// A name that needs no quotes as a key.
bool is_identifier(const std::string& name) {
  const bool is_plain =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") == std::string::npos;
  return is_plain && !name.empty() && (name[0] < '0' || name[0] > '9');
}

std::string javascript_call(const GenerationRequest& request) {
  Arguments arguments = picture_arguments(
      request, [](const std::string& name) { return "fs.createReadStream(" + javascript_literal(Json(name)) + ")"; });
  for (const Json::Object* values : {&request.values, &request.unknown}) {
    for (const auto& [name, value] : *values) {
      arguments.emplace_back(is_identifier(name) ? name : "[" + javascript_literal(Json(name)) + "]",
                             javascript_literal(sent_value(value, request.mode)));
    }
  }
  const std::string method = request.mode == Mode::edit ? "edit" : "generate";
  return "await client.images." + method + "({\n" + lines(arguments, "  ", ": ") + "});\n";
}

std::string javascript_save(const std::string& base64, const GenerationRequest& request) {
  return "fs.writeFileSync(" + javascript_literal(Json(output_file(request))) + ", Buffer.from(" + base64 +
         ", \"base64\"));\n";
}

std::string javascript_snippet(const GenerationRequest& request, const SnippetOptions& options) {
  const bool saves = request.stream || request.response_format == ResponseFormat::b64_json;
  std::string text;
  if (saves || request.mode == Mode::edit) text += "import fs from \"node:fs\";\n";
  text += "import OpenAI from \"openai\";\n\nconst client = new OpenAI({\n  baseURL: " +
          javascript_literal(Json(options.base_url)) +
          ",\n  apiKey: " + (options.needs_key ? "process.env.OPENAI_API_KEY" : "\"not-needed\"") + ",\n});\n\n";
  if (request.stream) {
    return text + "const stream = " + javascript_call(request) +
           "for await (const event of stream) {\n  if (event.type.endsWith(\".completed\")) " +
           javascript_save("event.b64_json", request) + "}\n";
  }
  text += "const response = " + javascript_call(request);
  return text +
         (saves ? javascript_save("response.data[0].b64_json", request) : "console.log(response.data[0].url);\n");
}

// What the official client has no argument for goes into extra_body.
std::string python_call(const GenerationRequest& request, const Catalog& catalog) {
  Arguments arguments = picture_arguments(
      request, [](const std::string& name) { return "open(" + python_literal(Json(name)) + ", \"rb\")"; });
  Json extra{Json::Object{}};
  for (const Json::Object* values : {&request.values, &request.unknown}) {
    for (const auto& [name, value] : *values) {
      const Parameter* parameter = catalog.find_parameter(name);
      const Json sent = sent_value(value, request.mode);
      if (parameter != nullptr && parameter->openai)
        arguments.emplace_back(name, python_literal(sent));
      else
        extra.set(name, sent);
    }
  }
  if (!extra.as_object()->empty()) arguments.emplace_back("extra_body", python_literal(extra));
  const std::string method = request.mode == Mode::edit ? "edit" : "generate";
  return "client.images." + method + "(\n" + lines(arguments, "    ", "=") + ")\n";
}

std::string python_save(const char* indent, const std::string& base64, const GenerationRequest& request) {
  return indent + std::string("with open(") + python_literal(Json(output_file(request))) + ", \"wb\") as file:\n" +
         indent + "    file.write(base64.b64decode(" + base64 + "))\n";
}

std::string python_snippet(const GenerationRequest& request, const Catalog& catalog, const SnippetOptions& options) {
  const bool saves = request.stream || request.response_format == ResponseFormat::b64_json;
  std::string text;
  if (saves) text += "import base64\n";
  if (options.needs_key) text += "import os\n";
  if (!text.empty()) text += "\n";
  text += "from openai import OpenAI\n\nclient = OpenAI(base_url=" + python_literal(Json(options.base_url)) +
          ", api_key=" + (options.needs_key ? "os.environ[\"OPENAI_API_KEY\"]" : "\"not-needed\"") + ")\n\n";
  const std::string call = python_call(request, catalog);
  if (request.stream) {
    return text + "stream = " + call + "for event in stream:\n    if event.type.endswith(\".completed\"):\n" +
           python_save("        ", "event.b64_json", request);
  }
  text += "response = " + call;
  return text + (saves ? python_save("", "response.data[0].b64_json", request) : "print(response.data[0].url)\n");
}

}  // namespace

std::string snippet(const GenerationRequest& request, const Catalog& catalog, SnippetLanguage language,
                    const SnippetOptions& options) {
  switch (language) {
    case SnippetLanguage::curl:
      return curl_snippet(request, options);
    case SnippetLanguage::javascript:
      return javascript_snippet(request, options);
    case SnippetLanguage::python:
      return python_snippet(request, catalog, options);
  }
  return "";
}

}  // namespace palimpsest
