#include "tools/gatepost/config/toml_file.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace gatepost::tools {

namespace {

std::string type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::array:
            return "list";
        case toml::node_type::boolean:
            return "boolean";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return "date or time";
        case toml::node_type::floating_point:
            return "number with a fraction";
        case toml::node_type::integer:
            return "integer";
        case toml::node_type::string:
            return "string";
        case toml::node_type::table:
            return "table";
        case toml::node_type::none:
            break;
    }
    return "nothing";
}

void read_list(const toml::array& list, TomlEntry& entry) {
    entry.type = TomlType::list;
    for (const toml::node& element : list) {
        const toml::value<std::string>* text = element.as_string();
        if (text == nullptr) {
            entry.type = TomlType::other;
            entry.type_name = "list with a " + type_name(element);
            return;
        }
        entry.values.push_back(text->get());
    }
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<TomlEntry>& out) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table()) {
            flatten(*inner, name + ".", out);
            continue;
        }
        // An array of tables: `[[nic]]`.
        if (const toml::array* tables = node.as_array();
            tables != nullptr && !tables->empty() && tables->is_homogeneous<toml::table>()) {
            for (size_t i = 0; i < tables->size(); ++i)
                flatten(*(*tables)[i].as_table(), fmt::format("{}.{}.", name, i), out);
            continue;
        }
        TomlEntry entry{.name = name, .type_name = type_name(node)};
        entry.line = key.source().begin.line;
        entry.column = key.source().begin.column;
        if (const auto* text = node.as_string()) {
            entry.type = TomlType::string;
            entry.values = {text->get()};
        } else if (const auto* number = node.as_integer()) {
            entry.type = TomlType::integer;
            entry.values = {std::to_string(number->get())};
        } else if (const toml::array* list = node.as_array()) {
            read_list(*list, entry);
        }
        out.push_back(std::move(entry));
    }
}

}  // namespace

Result<std::vector<TomlEntry>> parse_toml(std::string_view text, std::string_view name_of_file) {
    // toml++ as Debian packages it reports errors by exception: they end here.
    try {
        std::vector<TomlEntry> out;
        flatten(toml::parse(text), "", out);
        std::sort(out.begin(), out.end(), [](const TomlEntry& a, const TomlEntry& b) {
            return std::pair(a.line, a.column) < std::pair(b.line, b.column);
        });
        return out;
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::invalid, "{}:{}:{}: {}", name_of_file, error.source().begin.line,
                    error.source().begin.column, error.description());
    }
}

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        const int error = errno;
        return fail(error == EACCES ? ErrorCode::permission : ErrorCode::invalid,
                    "cannot read {}: {}", path, std::strerror(error));
    }
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace gatepost::tools
