// A TOML file as a flat list of keys and values with their places. Everything about TOML itself is
// in toml_file.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

enum class TomlType : uint8_t { string, integer, list, other };  // list: of strings

struct TomlEntry {
    std::string name;  // "dns.listen"
    TomlType type = TomlType::other;
    std::vector<std::string> values;  // one, or as many as the list has
    std::string type_name;            // as TOML calls it, for messages
    uint32_t line = 0;                // from 1
    uint32_t column = 0;              // from 1
};

// In the order of the file. The error is `file:line:column: message`.
Result<std::vector<TomlEntry>> parse_toml(std::string_view text, std::string_view name_of_file);
// The whole file, or why it cannot be read.
Result<std::string> read_text_file(const std::string& path);

}  // namespace gatepost::tools
