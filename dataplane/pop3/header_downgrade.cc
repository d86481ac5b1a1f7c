#include "dataplane/pop3/header_downgrade.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dataplane/mail/address_list.h"
#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/parameter.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

// Octets of text in an encoded word: with its 12 others it has 64 characters, of at most 75 (RFC
// 2047 §2), and stands on a line behind a short name.
constexpr size_t kWordOctets = 39;
// RFC 2047 §2: of a line with an encoded word.
constexpr size_t kLineMax = 76;
constexpr unsigned char kDelete = 0x7f;

constexpr std::string_view kAddressFields[] = {
    "from",        "sender",        "to",        "cc",        "bcc",       "reply-to",
    "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-bcc"};
constexpr std::string_view kParameterFields[] = {"content-type", "content-disposition"};
// Structured ones without room for encoded words: RFC 6857 §3 keeps them under another name.
constexpr std::string_view kOtherFields[] = {
    "message-id",  "resent-message-id", "in-reply-to", "references",  "received",
    "return-path", "content-id",        "date",        "resent-date", "content-transfer-encoding"};

bool is_ascii(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}

template <size_t N>
bool is_among(const std::string_view (&names)[N], std::string_view name) {
    return std::ranges::find(names, name) != std::end(names);
}

// What can be written in no other way.
std::string masked(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return (c & 0x80) != 0; }, '?');
    return out;
}

// As encoded words of whole characters, behind what stands in the line already.
void append_words(std::string& out, size_t& column, std::string_view text) {
    while (!text.empty()) {
        size_t size = std::min(text.size(), kWordOctets);
        while (size < text.size() && size > 1 && (text[size] & 0xc0) == 0x80) --size;
        const std::string word = "=?utf-8?B?" + storage::encode_base64(text.substr(0, size)) + "?=";
        const bool fits = column + 1 + word.size() <= kLineMax;
        out += fits ? " " : "\r\n ";
        column = (fits ? column : 0) + 1 + word.size();
        out += word;
        text.remove_prefix(size);
    }
}

std::string words_field(std::string name, std::string_view value, const Charsets& charsets) {
    std::string out = std::move(name) + ":";
    size_t column = out.size();
    append_words(out, column, decode_encoded_words(value, charsets));
    return out + "\r\n";
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

bool is_atom(std::string_view text) {
    return !text.empty() && std::ranges::none_of(text, [](char c) {
        return static_cast<uint8_t>(c) <= ' ' || c == 0x7f ||
               std::string_view("()<>[]:;@\\,\"").find(c) != std::string_view::npos;
    });
}

class AddressText {
  public:
    AddressText(std::string_view name, const Charsets& charsets)
        : charsets_(charsets), out_(std::string(name) + ":"), column_(out_.size()) {}

    void add(const EnvelopeAddress& address) {
        if (address.kind == AddressKind::group_end) {
            in_group_ = group_begins_ = false;
            return put(";");
        }
        if (!std::exchange(first_, false) && !std::exchange(group_begins_, false)) put(",");
        if (address.kind == AddressKind::group_start) {
            add_name(address.mailbox);
            in_group_ = group_begins_ = true;
            return put(":");
        }
        const std::string local =
            is_atom(address.mailbox) ? address.mailbox : quoted(address.mailbox);
        const std::string where = address.host.empty() ? local : local + "@" + address.host;
        if (is_ascii(where)) {
            if (!address.name.empty()) add_name(address.name);
            return fold(address.name.empty() ? where : "<" + where + ">");
        }
        // RFC 6858 §2: nobody can answer to it from here; a group is no address. In a group there
        // is no other one: the name alone stays.
        add_name(address.name.empty() ? where : address.name + " <" + where + ">");
        if (!in_group_) put(":;");
    }
    std::string finish() && { return std::move(out_) + "\r\n"; }

  private:
    void add_name(std::string_view name) {
        std::string text = decode_encoded_words(name, charsets_);
        // An encoded word may have any octet in it; it ends no line here.
        std::ranges::replace_if(
            text, [](unsigned char c) { return c < ' ' || c == kDelete; }, ' ');
        if (is_ascii(text))
            fold(quoted(text));
        else
            append_words(out_, column_, text);
    }
    void put(std::string_view signs) {
        out_ += signs;
        column_ += signs.size();
    }
    void fold(const std::string& word) {
        const bool fits = column_ + 1 + word.size() <= kLineMax;
        out_ += fits ? " " : "\r\n ";
        column_ = (fits ? column_ : 0) + 1 + word.size();
        out_ += word;
    }

    const Charsets& charsets_;
    std::string out_;
    size_t column_;
    bool first_ = true;
    bool in_group_ = false;
    bool group_begins_ = false;
};

std::string address_field(const HeaderField& field, const Charsets& charsets) {
    std::vector<EnvelopeAddress> addresses;
    parse_address_list(field.value, kFieldAddressesMax, addresses);
    AddressText text(field.name, charsets);
    for (const EnvelopeAddress& address : addresses) text.add(address);
    return std::move(text).finish();
}

// RFC 2231 §4.
std::string percent_encoded(std::string_view text) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out = "utf-8''";
    for (const char c : text) {
        const auto octet = static_cast<uint8_t>(c);
        const bool plain = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
                           (octet >= 'a' && octet <= 'z') || octet == '.' || octet == '-';
        if (plain) {
            out += c;
            continue;
        }
        out += '%';
        out += kDigits[octet >> 4];
        out += kDigits[octet & 15];
    }
    return out;
}

std::string parameter_field(const HeaderField& field, const Charsets& charsets) {
    const std::string value = unfold(field.value);
    const size_t semicolon = std::min(value.find(';'), value.size());
    std::vector<Parameter> parameters;
    parse_parameters(std::string_view(value).substr(semicolon), kParametersMax, parameters);
    std::string type = value.substr(0, semicolon);
    std::string out = std::string(field.name) + ": " + masked(type);
    for (const Parameter& parameter : parameters) {
        if (!is_ascii(parameter.name)) continue;  // none is called so
        out += ";\r\n " + parameter.name;
        const bool encoded = parameter.name.ends_with('*');
        if (is_ascii(parameter.value))
            out += "=" + (encoded ? parameter.value : quoted(parameter.value));
        else
            out += (encoded ? "=" : "*=") +
                   percent_encoded(decode_encoded_words(parameter.value, charsets));
    }
    return out + "\r\n";
}

}  // namespace

std::string downgrade_field(std::string_view text, const Charsets& charsets) {
    const auto field = split_field(text);
    if (!field) return masked(text);
    const std::string name = to_lower(field->name);
    if (is_among(kAddressFields, name)) return address_field(*field, charsets);
    if (is_among(kParameterFields, name)) return parameter_field(*field, charsets);
    const bool renamed = is_among(kOtherFields, name);
    return words_field((renamed ? "Downgraded-" : "") + std::string(field->name), field->value,
                       charsets);
}

Bytes HeaderDowngrade::take(Bytes octets) {
    if (in_body_) return octets;
    out_.clear();
    while (!octets.empty() && !in_body_) {
        const auto lf = std::ranges::find(octets, '\n');
        const bool whole = lf != octets.end();
        const auto size = static_cast<size_t>(lf - octets.begin()) + (whole ? 1 : 0);
        line_.append(reinterpret_cast<const char*>(octets.data()), size);
        octets = octets.subspan(size);
        if (whole) end_line();
        // No field is that long: what is held has its bound.
        if (field_.size() + line_.size() <= kFieldOctetsMax) continue;
        out_ += masked(std::exchange(field_, {}));
        out_ += masked(std::exchange(line_, {}));
    }
    out_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    return {reinterpret_cast<const uint8_t*>(out_.data()), out_.size()};
}

Bytes HeaderDowngrade::finish() {
    out_.clear();
    if (!line_.empty()) end_line();
    end_field();
    return {reinterpret_cast<const uint8_t*>(out_.data()), out_.size()};
}

void HeaderDowngrade::end_line() {
    std::string line = std::exchange(line_, {});
    if (is_blank(line.front())) {
        // Of a field whose beginning is gone already.
        if (field_.empty())
            out_ += masked(line);
        else
            field_ += line;
        return;
    }
    end_field();
    in_body_ = line == "\r\n" || line == "\n";
    (in_body_ ? out_ : field_) += line;
}

void HeaderDowngrade::end_field() {
    const std::string field = std::exchange(field_, {});
    out_ += is_ascii(field) ? field : downgrade_field(field, charsets_);
}

}  // namespace gatepost::dataplane
