#include "dataplane/pop3/downgrade_addresses.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "dataplane/mail/address_list.h"
#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_scanner.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/pop3/downgrade_words.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {

namespace {

// Octets of a name or an address: a blank before it and the signs behind it stand in its line.
constexpr size_t kUnfoldedMax = kLineOctetsMax - 8;

bool is_atom(std::string_view text) {
    return !text.empty() && std::ranges::none_of(text, [](char c) {
        return static_cast<uint8_t>(c) <= ' ' || c == kDelete ||
               std::string_view("()<>[]:;@\\,\"").find(c) != std::string_view::npos;
    });
}

std::string address_text(const EnvelopeAddress& address) {
    const std::string local = is_atom(address.mailbox) ? address.mailbox : quoted(address.mailbox);
    return address.host.empty() ? local : local + "@" + address.host;
}

bool can_be_written(std::string_view where) {
    return is_ascii(where) && where.size() + 2 <= kUnfoldedMax;
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
        const std::string where = address_text(address);
        if (can_be_written(where)) {
            if (!address.name.empty()) add_name(address.name);
            return fold(address.name.empty() ? where : "<" + where + ">");
        }
        // RFC 6858 §2: nobody can answer to it from here; a group is no address. In a group there
        // is no other one: the name alone stays.
        add_name(address.name.empty() ? where : address.name + " <" + where + ">");
        if (!in_group_) put(":;");
    }
    void add_comment(std::string_view cfws) { append_comment(out_, column_, cfws, charsets_); }
    std::string finish() && { return std::move(out_) + "\r\n"; }

  private:
    void add_name(std::string_view name) {
        std::string text = decode_encoded_words(name, charsets_);
        // An encoded word may have any octet in it; it ends no line here.
        std::ranges::replace_if(
            text, [](unsigned char c) { return c < ' ' || c == kDelete; }, ' ');
        const std::string whole = quoted(text);
        if (is_ascii(whole) && whole.size() <= kUnfoldedMax)
            fold(whole);
        else
            append_words(out_, column_, text);
    }
    void put(std::string_view signs) {
        out_ += signs;
        column_ += signs.size();
    }
    void fold(const std::string& word) {
        const bool fits = column_ + 1 + word.size() <= kWordLineMax;
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

// How often there is each octet that is more than grammar: what a field had, and what was
// understood of it, must have the same ones.
class OctetCounts {
  public:
    void add(std::string_view text) {
        for (const char c : text) {
            const bool is_grammar =
                static_cast<uint8_t>(c) <= ' ' ||
                std::string_view("\"\\<>@,:;()[]").find(c) != std::string_view::npos;
            counts_[static_cast<uint8_t>(c)] += is_grammar ? 0 : 1;
        }
    }
    friend bool operator==(const OctetCounts&, const OctetCounts&) = default;

  private:
    std::array<uint32_t, 256> counts_{};
};

struct AddressOctets {
    OctetCounts all, without_comments;
    std::string comments;  // with the white space beside them

    explicit AddressOctets(std::string_view value) {
        all.add(value);
        for (HeaderScanner scanner(value); !scanner.at_end();) {
            const size_t begin = scanner.position();
            std::string content;
            const bool is_quoted = scanner.peek() == '"';
            const bool is_comment = !is_quoted && scanner.skip_cfws();
            if (is_quoted) scanner.quoted_string(content);
            if (!is_quoted && !is_comment) scanner.skip();
            if (is_comment)
                comments += scanner.from(begin);
            else
                without_comments.add(scanner.from(begin));
        }
    }
};

// Each "<address>" of a field whatever else is in it, with what is before it as its name.
std::vector<EnvelopeAddress> addresses_in_brackets(std::string_view value) {
    std::vector<EnvelopeAddress> addresses;
    std::string name;
    HeaderScanner scanner(value);
    while (!scanner.at_end() && addresses.size() < kFieldAddressesMax) {
        if (scanner.peek() == '"') {
            scanner.quoted_string(name);
        } else if (scanner.skip_cfws()) {
            name += ' ';
        } else if (scanner.take(',')) {
            name.clear();
        } else if (scanner.peek() == '<') {
            const size_t begin = scanner.position();
            scanner.skip_to(">");
            scanner.take('>');
            const size_t before = addresses.size();
            parse_address_list(scanner.from(begin), 1, addresses);
            if (addresses.size() > before) addresses.back().name = unfold(name);
            name.clear();
        } else {
            name += scanner.peek();
            scanner.skip();
        }
    }
    return addresses;
}

// Of a field that is not understood as a whole. RFC 5322 §3.6: a message has an author, whom the
// client shows and answers to. Whole it stands beside that.
std::string encapsulated_addresses(const HeaderField& field, const Charsets& charsets,
                                   std::vector<EnvelopeAddress> understood) {
    const std::string whole = encapsulated_field(field, charsets);
    if (!equal_ignoring_case(field.name, "from") && !equal_ignoring_case(field.name, "sender"))
        return whole;
    const auto cannot_be_used = [](const EnvelopeAddress& address) {
        return address.kind != AddressKind::mailbox || address.mailbox.empty() ||
               address.host.empty() || !can_be_written(address_text(address));
    };
    std::vector<EnvelopeAddress> addresses = addresses_in_brackets(field.value);
    std::erase_if(addresses, cannot_be_used);
    if (addresses.empty()) addresses = std::move(understood);
    std::erase_if(addresses, cannot_be_used);
    if (addresses.empty()) return whole;
    AddressText text(field.name, charsets);
    for (const EnvelopeAddress& address : addresses) text.add(address);
    return std::move(text).finish() + whole;
}

}  // namespace

std::string downgrade_addresses(const HeaderField& field, const Charsets& charsets) {
    std::vector<EnvelopeAddress> addresses;
    const bool whole = parse_address_list(field.value, kFieldAddressesMax, addresses);
    AddressText text(field.name, charsets);
    OctetCounts found;
    for (const EnvelopeAddress& address : addresses) {
        text.add(address);
        found.add(address.name);
        found.add(address.mailbox);
        found.add(address.host);
    }
    const AddressOctets had(field.value);
    const bool understood = whole && !addresses.empty();
    if (understood && found == had.all) return std::move(text).finish();
    if (!understood || found != had.without_comments)
        return encapsulated_addresses(field, charsets, std::move(addresses));
    text.add_comment(had.comments);
    return std::move(text).finish();
}

}  // namespace gatepost::dataplane
