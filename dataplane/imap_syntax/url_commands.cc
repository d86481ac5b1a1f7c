// GENURLAUTH, RESETKEY and URLFETCH (RFC 4467 §9).
#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"

namespace gatepost::dataplane {
namespace {

bool refuse_more_urls(ImapScanner& scanner) {
    return scanner.refuse("LIMIT", "Those are too many URLs.");
}

}  // namespace

bool parse_url_fetch(ImapScanner& scanner, ImapCommand& out) {
    do {
        if (out.words.size() == kUrlsMax) return refuse_more_urls(scanner);
        if (!scanner.space() || !scanner.astring(out.words.emplace_back())) return false;
        ImapScanner ahead(scanner);
        if (ahead.end()) break;
    } while (!scanner.at_end());
    return true;
}

bool parse_gen_url_auth(ImapScanner& scanner, ImapCommand& out) {
    do {
        if (out.pairs.size() == kUrlsMax) return refuse_more_urls(scanner);
        auto& [url, mechanism] = out.pairs.emplace_back();
        std::string_view word;
        if (!scanner.space() || !scanner.astring(url) || !scanner.space() || !scanner.atom(word))
            return false;
        mechanism = word;
        ImapScanner ahead(scanner);
        if (ahead.end()) break;
    } while (!scanner.at_end());
    return true;
}

bool parse_reset_key(ImapScanner& scanner, const ParseContext& context, ImapCommand& out) {
    ImapScanner without(scanner);
    if (without.end()) return true;
    if (!scanner.space() || !parse_mailbox(scanner, context, out.name)) return false;
    for (;;) {
        ImapScanner ahead(scanner);
        if (ahead.end()) return true;
        std::string_view word;
        if (!scanner.space() || !scanner.atom(word)) return false;
        out.words.emplace_back(word);
    }
}

}  // namespace gatepost::dataplane
