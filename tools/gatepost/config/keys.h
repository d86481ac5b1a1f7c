// The one table of configuration keys. The parser, `config check`, `config describe`, `config show`
// and the test of configs/gatepost.toml all read it; nothing about a key is written down twice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

enum class KeyKind : uint8_t {
    dsn,        // a connection string without a password
    path,       // an absolute path, or "" where the key may be unset
    addresses,  // a list of ip@port
    duration,   // a string with a unit
    size,       // a string with a unit
    count,      // an integer
    choice,     // one of `choices`
    workers,    // "auto" or an integer
    cores,      // "auto" or a list of core numbers and ranges: "0-3,6"
    user,       // a system user's name, or "" to stay who one is
    name,       // any word
    names,      // a list of words
    prefixes,   // a list of networks
};

struct ConfigKey {
    std::string_view name;  // "dns.listen"
    KeyKind kind = KeyKind::path;
    std::string_view
        default_value;     // in the form that values_from_text gives; lists separated by ", "
    uint64_t minimum = 0;  // of durations in ms, sizes in octets, counts
    uint64_t maximum = UINT64_MAX;
    std::string_view choices;  // separated by blanks
    std::string_view since;    // the first version that has it
    std::string_view description;
    std::string_view example;
    bool may_be_empty = false;  // a list that has a default may be set to nothing
};

std::span<const ConfigKey> config_keys();
const ConfigKey* find_config_key(std::string_view name);
std::vector<std::string_view> config_key_names();

// What `config describe` and error messages call the kind: "duration", "list of addresses"…
std::string kind_to_text(KeyKind kind);
// "1s to 1h", "1 to 64", "logfmt, json"; "" where anything goes.
std::string range_to_text(const ConfigKey& key);
// The unit that a value is written in: "duration with a unit (ms, s, min, h, d)"…; "" where there
// is none.
std::string_view unit_of(KeyKind kind);

// Whether `value` is one of the key; the error says what is wrong, and what was expected.
Status check_value(const ConfigKey& key, std::string_view value);

// "0-3,6" → 0 1 2 3 6. "auto" is the caller's business.
Result<std::vector<unsigned>> cores_from_text(std::string_view text);

}  // namespace gatepost::tools
