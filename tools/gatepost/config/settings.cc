#include "tools/gatepost/config/settings.h"

#include <cctype>
#include <charconv>

#include "storage/base/check.h"
#include "tools/gatepost/config/suggest.h"
#include "tools/gatepost/config/toml_file.h"

namespace gatepost::tools {

namespace {

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    while (true) {
        const size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) out.emplace_back(part);
        if (comma == std::string_view::npos) return out;
        text.remove_prefix(comma + 1);
    }
}

bool is_list(KeyKind kind) {
    return kind == KeyKind::addresses || kind == KeyKind::names || kind == KeyKind::prefixes;
}

std::vector<std::string> values_from_text(const ConfigKey& key, std::string_view text) {
    if (is_list(key.kind)) return split_list(text);
    return {std::string(text)};
}

Status check_values(const ConfigKey& key, const std::vector<std::string>& values) {
    // A list that is empty by default may be so in the file as well.
    if (values.empty() && is_list(key.kind) && (key.default_value.empty() || key.may_be_empty))
        return {};
    if (values.empty())
        return fail(ErrorCode::invalid, "{} is empty, expected {}", key.name, key.example);
    for (const std::string& value : values)
        if (Status ok = check_value(key, value); !ok) return ok;
    return {};
}

bool takes(KeyKind kind, TomlType type) {
    switch (kind) {
        case KeyKind::addresses:
        case KeyKind::names:
        case KeyKind::prefixes:
            return type == TomlType::list || type == TomlType::string;
        case KeyKind::count:
            return type == TomlType::integer;
        case KeyKind::workers:
            return type == TomlType::integer || type == TomlType::string;
        case KeyKind::dsn:
        case KeyKind::path:
        case KeyKind::duration:
        case KeyKind::size:
        case KeyKind::choice:
        case KeyKind::cores:
        case KeyKind::user:
        case KeyKind::name:
            return type == TomlType::string;
    }
    return false;
}

Status check_type(const ConfigKey& key, const TomlEntry& entry) {
    if (takes(key.kind, entry.type)) return {};
    const bool bare = entry.type == TomlType::integer &&
                      (key.kind == KeyKind::duration || key.kind == KeyKind::size);
    if (bare)
        return fail(ErrorCode::invalid,
                    "{} is a {} and needs a unit, expected a string such as \"{}\"", key.name,
                    kind_to_text(key.kind), key.example);
    return fail(ErrorCode::invalid, "{} is a {}, expected {}", key.name, entry.type_name,
                kind_to_text(key.kind));
}

constexpr std::string_view kNicPrefix = "nic.";

// "nic.1.queues" is the key nic.queues of the second table.
struct NicEntry {
    size_t number = 0;
    const ConfigKey* key = nullptr;  // null: not one of a [[nic]] table, or unknown
};

NicEntry nic_entry(std::string_view name) {
    NicEntry entry;
    if (!name.starts_with(kNicPrefix)) return entry;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kNicPrefix.size(), end, entry.number);
    if (error != std::errc() || stop == end || *stop != '.') return entry;
    const std::string_view rest(stop + 1, end);
    for (const ConfigKey& key : nic_keys())
        if (key.name.substr(kNicPrefix.size()) == rest) entry.key = &key;
    return entry;
}

std::vector<std::string_view> all_key_names() {
    std::vector<std::string_view> names = config_key_names();
    for (const ConfigKey& key : nic_keys()) names.push_back(key.name);
    return names;
}

}  // namespace

std::string Setting::text() const {
    std::string out;
    for (const std::string& value : values) out += (out.empty() ? "" : ", ") + value;
    return out;
}

std::string environment_name(std::string_view key) {
    std::string name = "GATEPOST_";
    for (char c : key)
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

Settings::Settings() {
    for (const ConfigKey& key : config_keys())
        settings_[std::string(key.name)] = {values_from_text(key, key.default_value), "default"};
}

Status Settings::read_file(const std::string& path) {
    auto text = read_text_file(path);
    if (!text) return tl::unexpected(std::move(text).error());
    return read_text(*text, path);
}

Status Settings::read_text(std::string_view toml, std::string_view name_of_file) {
    auto entries = parse_toml(toml, name_of_file);
    if (!entries) return tl::unexpected(std::move(entries).error());
    std::string errors;
    for (TomlEntry& entry : *entries) {
        const NicEntry nic = nic_entry(entry.name);
        const ConfigKey* key = nic.key != nullptr ? nic.key : find_config_key(entry.name);
        Status status;
        if (key == nullptr)
            status = fail(ErrorCode::invalid, "unknown key \"{}\"{}", entry.name,
                          did_you_mean(entry.name, all_key_names()));
        else if (status = check_type(*key, entry); status)
            status = check_values(*key, entry.values);
        if (!status)
            errors += fmt::format("{}{}:{}:{}: {}", errors.empty() ? "" : "\n", name_of_file,
                                  entry.line, entry.column, status.error().message);
        else if (nic.key != nullptr)
            set_nic(nic.number, nic.key->name.substr(kNicPrefix.size()), std::move(entry.values),
                    fmt::format("{}:{}", name_of_file, entry.line));
        else
            set(entry.name, std::move(entry.values),
                fmt::format("{}:{}", name_of_file, entry.line));
    }
    if (!errors.empty()) return tl::unexpected(Error{ErrorCode::invalid, std::move(errors)});
    return {};
}

Status Settings::read_environment(const char* (*lookup)(const char*)) {
    for (const ConfigKey& key : config_keys()) {
        const std::string name = environment_name(key.name);
        const char* text = lookup(name.c_str());
        if (text == nullptr) continue;
        std::vector<std::string> values = values_from_text(key, text);
        if (Status ok = check_values(key, values); !ok)
            return wrap("environment " + name, std::move(ok).error());
        set(key.name, std::move(values), "environment " + name);
    }
    return {};
}

void Settings::set(std::string_view name, std::vector<std::string> values, std::string origin) {
    auto found = settings_.find(name);
    GATEPOST_CHECK(found != settings_.end());
    found->second = {std::move(values), std::move(origin)};
}

void Settings::set_nic(size_t number, std::string_view key, std::vector<std::string> values,
                       std::string origin) {
    if (nics_.size() <= number) nics_.resize(number + 1);
    NicTable& table = nics_[number];
    table.values[std::string(key)] = std::move(values);
    if (table.origin.empty()) table.origin = std::move(origin);
}

void Settings::set_default(std::string_view name, std::vector<std::string> values,
                           std::string origin) {
    if (is_default(name)) set(name, std::move(values), std::move(origin));
}

const Setting& Settings::get(std::string_view name) const {
    auto found = settings_.find(name);
    GATEPOST_CHECK(found != settings_.end());
    return found->second;
}

}  // namespace gatepost::tools
