#include "dataplane/mail/parameter.h"

#include <algorithm>
#include <cstdint>

#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_scanner.h"

namespace gatepost::dataplane {
namespace {

// A parameter as the field has it: name[*section][*].
struct Section {
    std::string name;
    uint32_t number = 0;
    bool is_continued = false;  // has a number
    bool is_extended = false;   // ends with '*': percent encoding
    std::string value;
    size_t order = 0;  // where its name came first
};

// RFC 2231 §3: a section's number has no leading zeros. More than four digits are not one.
bool read_number(std::string_view text, uint32_t& number) {
    if (text.empty() || text.size() > 4 || (text.size() > 1 && text.front() == '0')) return false;
    number = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return false;
        number = number * 10 + static_cast<uint32_t>(c - '0');
    }
    return true;
}

void split_name(std::string name, Section& section) {
    section.name = std::move(name);
    if (section.name.size() > 1 && section.name.ends_with('*')) {
        section.is_extended = true;
        section.name.pop_back();
    }
    const size_t star = section.name.rfind('*');
    if (star == std::string::npos || star == 0) return;
    if (read_number(std::string_view(section.name).substr(star + 1), section.number)) {
        section.is_continued = true;
        section.name.resize(star);
    }
}

std::string read_value(HeaderScanner& scanner) {
    std::string value;
    if (scanner.peek() == '"') {
        scanner.quoted_string(value);
        return value;
    }
    // A token by the grammar. Names of files are written with spaces and slashes, not quoted: the
    // value goes on to the ';' or to a comment.
    const size_t begin = scanner.position();
    size_t end = begin;
    while (!scanner.at_end() && scanner.peek() != ';') {
        if (is_blank(scanner.peek()) || scanner.peek() == '\r' || scanner.peek() == '\n') {
            scanner.skip_cfws();
            continue;
        }
        scanner.skip();
        end = scanner.position();
    }
    return unfold(scanner.from(begin).substr(0, end - begin));
}

void append_percent_encoded(std::string_view text, std::string& out) {
    constexpr char kHex[] = "0123456789ABCDEF";
    for (char c : text) {
        const auto octet = static_cast<uint8_t>(c);
        // RFC 2231 §7: attribute-char.
        const bool plain =
            octet > ' ' && octet < 0x7f &&
            std::string_view("*'%()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += kHex[octet >> 4];
            out += kHex[octet & 15];
        }
    }
}

// The sections of one name, in the order of their numbers.
Parameter join(const Section* begin, const Section* end) {
    Parameter parameter{begin->name, {}};
    const bool is_extended =
        std::any_of(begin, end, [](const Section& s) { return s.is_extended; });
    if (is_extended) parameter.name += '*';
    // RFC 2231 §4.1: charset and language stand in the first section; without them they are empty.
    if (is_extended && !begin->is_extended) parameter.value = "''";
    for (const Section* section = begin; section != end; ++section) {
        if (is_extended && !section->is_extended)
            append_percent_encoded(section->value, parameter.value);
        else
            parameter.value += section->value;
    }
    return parameter;
}

bool read_sections(std::string_view text, size_t sections_max, std::vector<Section>& sections) {
    HeaderScanner scanner(text);
    for (;;) {
        scanner.skip_to(";");
        if (!scanner.take(';')) return true;
        scanner.skip_cfws();
        std::string name = to_lower(scanner.token());
        scanner.skip_cfws();
        if (name.empty() || !scanner.take('=')) continue;
        if (sections.size() == sections_max) return false;
        scanner.skip_cfws();
        Section section;
        split_name(std::move(name), section);
        section.value = read_value(scanner);
        sections.push_back(std::move(section));
    }
}

// Orders by name, then those with a number before those without, by number; the first of two alike
// stays the first.
void sort_sections(std::vector<Section>& sections) {
    auto key_less = [](const Section& a, const Section& b) {
        if (a.name != b.name) return a.name < b.name;
        // "name*" and "name" are two parameters; "name*0" and "name*1*" are one.
        auto kind = [](const Section& s) { return s.is_continued ? 0 : s.is_extended ? 1 : 2; };
        if (kind(a) != kind(b)) return kind(a) < kind(b);
        return a.number < b.number;
    };
    for (size_t i = 0; i < sections.size(); ++i) sections[i].order = i;
    std::ranges::stable_sort(sections, key_less);
    const auto repeated = std::ranges::unique(
        sections, [&](const Section& a, const Section& b) { return !key_less(a, b); });
    sections.erase(repeated.begin(), repeated.end());
}

int percent_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode_extended(std::string_view value, const Charsets& charsets) {
    std::string_view charset;
    const size_t first = value.find('\'');
    const size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
    if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value.remove_prefix(second + 1);
    }
    std::string octets;
    for (size_t i = 0; i < value.size(); ++i) {
        const int high = i + 2 < value.size() && value[i] == '%' ? percent_digit(value[i + 1]) : -1;
        const int low = high >= 0 ? percent_digit(value[i + 2]) : -1;
        octets += low >= 0 ? static_cast<char>(high << 4 | low) : value[i];
        if (low >= 0) i += 2;
    }
    std::string text;
    charsets.append_utf8(charset, octets, text);
    return text;
}

}  // namespace

bool parse_parameters(std::string_view text, size_t parameters_max,
                      std::vector<Parameter>& parameters) {
    std::vector<Section> sections;
    const bool whole = read_sections(text, parameters_max, sections);
    sort_sections(sections);
    struct Placed {
        size_t order;
        Parameter parameter;
    };
    std::vector<Placed> placed;
    for (size_t i = 0; i < sections.size();) {
        const Section& first = sections[i];
        size_t end = i + 1;
        size_t order = first.order;
        // RFC 2231 §3: the numbers go up by one; what comes behind a gap is of no parameter.
        while (end < sections.size() && first.is_continued && sections[end].is_continued &&
               sections[end].name == first.name &&
               sections[end].number == sections[end - 1].number + 1) {
            order = std::min(order, sections[end].order);
            ++end;
        }
        const bool begins = !first.is_continued || first.number == 0;
        if (begins) placed.push_back({order, join(&first, &first + (end - i))});
        i = end;
    }
    std::ranges::sort(placed, {}, &Placed::order);
    for (Placed& p : placed) {
        if (find_parameter(parameters, p.parameter.name) == nullptr)
            parameters.push_back(std::move(p.parameter));
    }
    return whole;
}

const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
    for (const Parameter& parameter : parameters) {
        if (parameter.name == name) return &parameter.value;
    }
    return nullptr;
}

std::string parameter_text(const std::vector<Parameter>& parameters, std::string_view name,
                           const Charsets& charsets) {
    if (const auto* value = find_parameter(parameters, std::string(name) + '*'))
        return decode_extended(*value, charsets);
    const auto* value = find_parameter(parameters, name);
    return value == nullptr ? std::string() : decode_encoded_words(*value, charsets);
}

}  // namespace gatepost::dataplane
