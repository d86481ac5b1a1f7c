#include "dataplane/mail/address_list.h"

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_scanner.h"

namespace gatepost::dataplane {
namespace {

// What is before '<', '@', ':' or ',': which of the two it was, that octet tells.
struct Words {
    std::string phrase;      // as a display name: words with single spaces
    std::string local_part;  // as a local part: the last word, and what dots join to it

    bool empty() const { return phrase.empty() && local_part.empty(); }
};

class ListParser {
  public:
    ListParser(std::string_view value, size_t addresses_max, std::vector<EnvelopeAddress>& out)
        : scanner_(value), addresses_max_(out.size() + addresses_max), out_(out) {}

    bool parse() {
        while (whole_) {
            comment_.clear();
            scanner_.skip_cfws(&comment_);
            if (scanner_.at_end()) break;
            if (scanner_.take(',')) continue;  // RFC 5322 §4.4: obs-addr-list has empty elements
            if (scanner_.peek() == ';') {
                scanner_.skip();
                end_group();
                continue;
            }
            element();
        }
        end_group();
        return whole_;
    }

  private:
    void add(EnvelopeAddress address) {
        // A group that is begun ends within the limit as well.
        const bool ends_later = in_group_ || address.kind == AddressKind::group_start;
        const size_t reserved = ends_later && address.kind != AddressKind::group_end ? 1 : 0;
        whole_ = whole_ && out_.size() + reserved < addresses_max_;
        if (out_.size() + reserved < addresses_max_) out_.push_back(std::move(address));
    }

    void end_group() {
        if (in_group_) add({.kind = AddressKind::group_end});
        in_group_ = false;
    }

    Words read_words() {
        Words words;
        bool spaced = false;
        for (;;) {
            std::string word;
            if (scanner_.peek() == '"') {
                scanner_.quoted_string(word);
            } else if (scanner_.peek() == '.' || scanner_.peek() == '\\' ||
                       scanner_.peek() == ']') {
                word = scanner_.peek();
                scanner_.skip();
            } else {
                word = scanner_.atom();
                if (word.empty()) return words;
            }
            if (spaced && !words.phrase.empty()) words.phrase += ' ';
            words.phrase += word;
            // RFC 5322 §4.4: obs-local-part has white space around its dots only.
            if (spaced && word != "." && !words.local_part.ends_with('.')) words.local_part.clear();
            words.local_part += word;
            spaced = scanner_.skip_cfws(&comment_);
        }
    }

    std::string read_domain() {
        std::string domain;
        for (;;) {
            scanner_.skip_cfws(&comment_);  // RFC 5322 §4.4: obs-domain
            const size_t before = domain.size();
            if (scanner_.peek() == '[') {
                scanner_.domain_literal(domain);
            } else if (scanner_.take('.')) {
                domain += '.';
            } else if (before == 0 || domain.back() == '.') {
                domain += scanner_.atom();
            }
            if (domain.size() == before) return domain;
        }
    }

    // RFC 5322 §4.4: obs-route = obs-domain-list ":".
    std::string read_route() {
        std::string route;
        while (scanner_.peek() == '@' || scanner_.peek() == ',') {
            if (scanner_.take(',')) {
                scanner_.skip_cfws();
                continue;
            }
            scanner_.skip();
            if (!route.empty()) route += ',';
            route.append(1, '@').append(read_domain());
        }
        scanner_.take(':');
        return route;
    }

    void angle_address(std::string name) {
        EnvelopeAddress address{.name = std::move(name)};
        while (scanner_.take('<')) scanner_.skip_cfws();
        address.adl = read_route();
        scanner_.skip_cfws();
        address.mailbox = read_words().local_part;
        if (scanner_.take('@')) address.host = read_domain();
        scanner_.skip_to(">,;");
        scanner_.take('>');
        scanner_.skip_cfws(&comment_);
        if (address.name.empty()) address.name = unfold(comment_);
        // "<>" is nobody.
        if (!address.mailbox.empty() || !address.host.empty()) add(std::move(address));
    }

    void element() {
        Words words = read_words();
        if (scanner_.peek() == '<') {
            angle_address(unfold(words.phrase));
        } else if (scanner_.take('@')) {
            EnvelopeAddress address{.mailbox = std::move(words.local_part)};
            address.host = read_domain();
            scanner_.skip_cfws(&comment_);
            address.name = unfold(comment_);
            add(std::move(address));
        } else if (scanner_.peek() == ':') {
            scanner_.skip();
            if (!in_group_) {
                add({.kind = AddressKind::group_start, .mailbox = unfold(words.phrase)});
                in_group_ = whole_;
            }
            return;
        } else if (!words.empty()) {
            add({.name = unfold(comment_), .mailbox = unfold(words.phrase)});
        } else {
            scanner_.skip();  // an octet that begins nothing
            return;
        }
        // RFC 5322 §3.4: a comma separates; anything before it belongs to nothing.
        scanner_.skip_to(",;");
    }

    HeaderScanner scanner_;
    size_t addresses_max_;  // of out_
    std::vector<EnvelopeAddress>& out_;
    std::string comment_;
    bool in_group_ = false;
    bool whole_ = true;
};

}  // namespace

bool parse_address_list(std::string_view value, size_t addresses_max,
                        std::vector<EnvelopeAddress>& addresses) {
    return ListParser(value, addresses_max, addresses).parse();
}

}  // namespace gatepost::dataplane
