#include "tools/load/imap/imap_command.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "tools/load/imap/imap_facts.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kSubjects = 1'000;  // "Report 0" to "Report 999"
// Three of them in a row, of MessageMaker's 48 words, stand in one message of some 200.
constexpr std::array<std::string_view, 8> kWords = {"meeting", "report",  "invoice", "budget",
                                                    "project", "quarter", "weekend", "travel"};

std::string_view word(uint64_t draw, unsigned place) {
    return kWords[(draw >> (3 * place)) % kWords.size()];
}

}  // namespace

void append_imap_string(std::string& out, std::string_view text) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        fmt::format_to(std::back_inserter(out), "{{{}+}}\r\n", text.size());
        out += text;
        return;
    }
    out += '"';
    for (const char octet : text) {
        if (octet == '"' || octet == '\\') out += '\\';
        out += octet;
    }
    out += '"';
}

void append_imap_command(std::string& out, const ImapCommand& command, std::string_view mailbox) {
    const auto write = std::back_inserter(out);
    switch (command.operation) {
        case ImapOperation::noop:
            out += "NOOP";
            break;
        case ImapOperation::select:
            out += "SELECT ";
            append_imap_string(out, mailbox);
            break;
        case ImapOperation::fetch_flags:
            out += "FETCH 1:* (UID FLAGS)";
            break;
        case ImapOperation::fetch_envelope:
            out += "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)";
            break;
        case ImapOperation::fetch_body:
            fmt::format_to(write, "FETCH {} BODY.PEEK[]", command.number);
            break;
        case ImapOperation::store:
            fmt::format_to(write, "STORE {} {}FLAGS (\\Flagged)", command.number,
                           command.add ? '+' : '-');
            break;
        case ImapOperation::search_flags:
            out += "SEARCH UNSEEN FLAGGED";
            break;
        case ImapOperation::search_subject:
            fmt::format_to(write, "SEARCH SUBJECT \"Report {}\"", command.draw % kSubjects);
            break;
        case ImapOperation::search_body:
            fmt::format_to(write, "SEARCH BODY \"{} {} {}\"", word(command.draw, 0),
                           word(command.draw, 1), word(command.draw, 2));
            break;
        default:
            break;
    }
    out += "\r\n";
}

void append_imap_append(std::string& out, const ImapCommand& command, std::string_view mailbox,
                        std::string_view head, Bytes body) {
    out += "APPEND ";
    append_imap_string(out, mailbox);
    const bool seen = (command.flags & kImapSeen) != 0;
    const bool flagged = (command.flags & kImapFlagged) != 0;
    fmt::format_to(std::back_inserter(out), " ({}{}{}) {{{}+}}\r\n", seen ? "\\Seen" : "",
                   seen && flagged ? " " : "", flagged ? "\\Flagged" : "",
                   head.size() + body.size());
    out += head;
    out.append(reinterpret_cast<const char*>(body.data()), body.size());
    out += "\r\n";
}

}  // namespace gatepost::tools
