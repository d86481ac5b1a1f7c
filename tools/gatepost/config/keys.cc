#include "tools/gatepost/config/keys.h"

#include <charconv>

#include "dataplane/dns/rate_limit.h"
#include "storage/arena/runtime_page.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/gatepost/config/key_table.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

constexpr unsigned kCoreMax = 1023;  // CPU_SETSIZE - 1

Status check_number(const ConfigKey& key, std::string_view value) {
    uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end || number < key.minimum || number > key.maximum)
        return fail(ErrorCode::invalid, "\"{}\" is not a value of {}, expected {}", value, key.name,
                    range_to_text(key));
    return {};
}

Status check_range(const ConfigKey& key, std::string_view value, uint64_t number) {
    if (number >= key.minimum && number <= key.maximum) return {};
    return fail(ErrorCode::invalid, "\"{}\" is out of range for {}, expected {}", value, key.name,
                range_to_text(key));
}

bool has_choice(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const size_t blank = choices.find(' ');
        if (choices.substr(0, blank) == value) return true;
        choices.remove_prefix(blank == std::string_view::npos ? choices.size() : blank + 1);
    }
    return false;
}

// The connection string ends up on a command line, which everybody on the host can read.
Status check_dsn(std::string_view value) {
    const size_t scheme = value.find("://");
    const size_t at = value.find('@');
    const bool in_uri =
        scheme != std::string_view::npos && at != std::string_view::npos &&
        value.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
    const bool as_word = value.find("password=") != std::string_view::npos ||
                         value.find("password =") != std::string_view::npos;
    if (!in_uri && !as_word) return {};
    return fail(ErrorCode::invalid,
                "database.dsn holds a password; put it into a file of its own and name that in "
                "database.password_file");
}

Status check_path(const ConfigKey& key, std::string_view value) {
    if (value.starts_with('/') || (value.empty() && key.default_value.empty())) return {};
    return fail(ErrorCode::invalid, "\"{}\" is not an absolute path, expected one such as {}",
                value, key.example);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
    return config_key_table();
}

const ConfigKey* find_config_key(std::string_view name) {
    for (const ConfigKey& key : config_keys())
        if (key.name == name) return &key;
    return nullptr;
}

std::vector<std::string_view> config_key_names() {
    std::vector<std::string_view> names;
    for (const ConfigKey& key : config_keys()) names.push_back(key.name);
    return names;
}

std::string kind_to_text(KeyKind kind) {
    switch (kind) {
        case KeyKind::dsn:
            return "connection string";
        case KeyKind::path:
            return "absolute path";
        case KeyKind::addresses:
            return "list of addresses";
        case KeyKind::duration:
            return "duration";
        case KeyKind::size:
            return "size";
        case KeyKind::count:
            return "integer";
        case KeyKind::choice:
            return "choice";
        case KeyKind::workers:
            return "\"auto\" or an integer";
        case KeyKind::cores:
            return "\"auto\" or a list of cores";
        case KeyKind::user:
            return "system user";
        case KeyKind::name:
            return "string";
        case KeyKind::names:
            return "list of strings";
        case KeyKind::prefixes:
            return "list of networks";
    }
    return "";
}

std::string_view unit_of(KeyKind kind) {
    if (kind == KeyKind::duration) return "ms, s, min, h, d";
    if (kind == KeyKind::size) return "B, KiB, MiB, GiB, TiB (or kB, MB, GB, TB)";
    return "";
}

std::string range_to_text(const ConfigKey& key) {
    const auto duration = [](uint64_t ms) {
        return duration_to_text(std::chrono::milliseconds(static_cast<int64_t>(ms)));
    };
    switch (key.kind) {
        case KeyKind::duration:
            return fmt::format("{} to {}", duration(key.minimum), duration(key.maximum));
        case KeyKind::size:
            return fmt::format("{} to {}", size_to_text(key.minimum), size_to_text(key.maximum));
        case KeyKind::count:
            return fmt::format("{} to {}", key.minimum, key.maximum);
        case KeyKind::workers:
            return fmt::format("\"auto\" or {} to {}", key.minimum, key.maximum);
        case KeyKind::cores:
            return fmt::format("\"auto\" or cores from 0 to {}", key.maximum);
        case KeyKind::choice: {
            std::string text;
            for (char c : key.choices) {
                if (c == ' ') text += ',';
                text += c;
            }
            return text;
        }
        case KeyKind::dsn:
        case KeyKind::path:
        case KeyKind::addresses:
        case KeyKind::user:
        case KeyKind::name:
        case KeyKind::names:
        case KeyKind::prefixes:
            break;
    }
    return "";
}

Status check_value(const ConfigKey& key, std::string_view value) {
    switch (key.kind) {
        case KeyKind::dsn:
            return check_dsn(value);
        case KeyKind::user:
        case KeyKind::name:
        case KeyKind::names:
            return {};
        case KeyKind::prefixes: {
            auto prefix = dataplane::parse_prefix(value);
            return prefix ? Status() : fail(ErrorCode::invalid, "{}", prefix.error().message);
        }
        case KeyKind::path:
            return check_path(key, value);
        case KeyKind::addresses: {
            auto endpoint = endpoint_from_text(value, 53);
            return endpoint ? Status() : tl::unexpected(std::move(endpoint).error());
        }
        case KeyKind::duration: {
            auto duration = duration_from_text(value);
            if (!duration) return tl::unexpected(std::move(duration).error());
            return check_range(key, value, static_cast<uint64_t>(duration->count()));
        }
        case KeyKind::size: {
            auto size = size_from_text(value);
            return size ? check_range(key, value, *size) : tl::unexpected(std::move(size).error());
        }
        case KeyKind::count:
            return check_number(key, value);
        case KeyKind::workers:
            return value == "auto" ? Status() : check_number(key, value);
        case KeyKind::cores: {
            if (value == "auto") return {};
            auto cores = cores_from_text(value);
            return cores ? Status() : tl::unexpected(std::move(cores).error());
        }
        case KeyKind::choice:
            if (has_choice(key.choices, value)) return {};
            return fail(ErrorCode::invalid, "\"{}\" is not a value of {}, expected one of {}",
                        value, key.name, range_to_text(key));
    }
    return {};
}

Result<std::vector<unsigned>> cores_from_text(std::string_view text) {
    std::vector<unsigned> cores;
    const auto malformed = [&] {
        return fail(ErrorCode::invalid, "\"{}\" is not a list of cores, expected one such as 0-3,6",
                    text);
    };
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (true) {
        while (at < end && *at == ' ') ++at;
        unsigned first = 0;
        auto parsed = std::from_chars(at, end, first);
        if (parsed.ec != std::errc() || first > kCoreMax) return malformed();
        unsigned last = first;
        at = parsed.ptr;
        if (at < end && *at == '-') {
            parsed = std::from_chars(at + 1, end, last);
            if (parsed.ec != std::errc() || last > kCoreMax || last < first) return malformed();
            at = parsed.ptr;
        }
        for (unsigned core = first; core <= last; ++core) cores.push_back(core);
        if (at == end) return cores;
        if (*at++ != ',') return malformed();
    }
}

}  // namespace gatepost::tools
