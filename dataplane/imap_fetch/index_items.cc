#include "dataplane/imap_fetch/index_items.h"

#include <bit>

#include "dataplane/imap_fetch/envelope_text.h"
#include "dataplane/imap_fetch/structure_text.h"

namespace gatepost::dataplane {
namespace {

using Kind = FetchItem::Kind;

void write_flags(const IndexedMessage& message, ResponseText& out) {
    struct FlagName {
        uint8_t flag;
        std::string_view name;
    };
    constexpr FlagName kFlagNames[] = {{storage::kFlagSeen, "\\Seen"},
                                       {storage::kFlagAnswered, "\\Answered"},
                                       {storage::kFlagFlagged, "\\Flagged"},
                                       {storage::kFlagDeleted, "\\Deleted"},
                                       {storage::kFlagDraft, "\\Draft"}};
    out.add("FLAGS (");
    bool is_first = true;
    const auto add = [&](std::string_view name) {
        if (!is_first) out.add(' ');
        is_first = false;
        out.add(name);
    };
    for (const FlagName& flag : kFlagNames) {
        if ((message.entry->flags & flag.flag) != 0) add(flag.name);
    }
    if (message.mailbox != nullptr) {
        for (uint64_t bits = message.entry->keywords; bits != 0; bits &= bits - 1)
            add(message.mailbox->keyword(static_cast<size_t>(std::countr_zero(bits))));
    }
    for (const std::string& keyword : message.keywords) add(keyword);
    out.add(')');
}

// BlobId::text() without a string of its own. RFC 8474 §7: an ObjectID takes letters, digits, '_'
// and '-'.
void write_blob_id(const storage::BlobId& blob, ResponseText& out) {
    constexpr char kDigits[] = "0123456789abcdef";
    constexpr unsigned kNibbles = 32;
    for (unsigned nibble = 0; nibble < kNibbles; ++nibble) {
        // RFC 9562 §4: groups of 8, 4, 4, 4 and 12 digits.
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) out.add('-');
        const uint64_t word = nibble < 16 ? blob.high : blob.low;
        out.add(kDigits[word >> (60 - 4 * (nibble % 16)) & 15]);
    }
}

// RFC 8970 §3.1; with LAZY (§3.2) NIL where it would have to be worked out.
bool write_preview(const FetchItem& item, SummaryReader& summary, ResponseText& out) {
    out.add("PREVIEW ");
    if (item.lazy && !summary.ok()) {
        out.add("NIL");
        return true;
    }
    const std::string_view preview = summary.preview();
    if (!summary.ok()) return false;
    out.string(preview);
    return true;
}

bool write_summary_item(const FetchItem& item, SummaryReader& summary, ResponseText& out) {
    if (item.kind == Kind::preview) return write_preview(item, summary, out);
    if (!summary.ok()) return false;
    if (item.kind == Kind::body) {
        out.add("BODY ");
        return write_structure(summary, false, out);
    }
    if (item.kind == Kind::body_structure) {
        out.add("BODYSTRUCTURE ");
        return write_structure(summary, true, out);
    }
    const EncodedEnvelope envelope = summary.envelope(0);
    if (!summary.ok()) return false;
    out.add("ENVELOPE ");
    write_envelope(envelope, out);
    return true;
}

// "MODSEQ (12)"
void write_number(std::string_view before, uint64_t value, std::string_view behind,
                  ResponseText& out) {
    out.add(before);
    out.number(value);
    out.add(behind);
}

}  // namespace

bool is_body_item(Kind kind) {
    switch (kind) {
        case Kind::body_section:
        case Kind::binary:
        case Kind::binary_size:
        case Kind::rfc822:
        case Kind::rfc822_header:
        case Kind::rfc822_text:
            return true;
        default:
            return false;
    }
}

bool is_summary_item(const FetchItem& item) {
    switch (item.kind) {
        case Kind::envelope:
        case Kind::body:
        case Kind::body_structure:
            return true;
        case Kind::preview:
            return !item.lazy;
        default:
            return false;
    }
}

void begin_response(const IndexedMessage& message, bool uid_only, ResponseText& out) {
    out.add("* ");
    out.number(uid_only ? message.entry->uid : message.number);
    out.add(uid_only ? std::string_view(" UIDFETCH (") : std::string_view(" FETCH ("));
}

bool write_index_item(const FetchItem& item, const IndexedMessage& message, SummaryReader& summary,
                      ResponseText& out) {
    const storage::MailboxEntry& entry = *message.entry;
    switch (item.kind) {
        case Kind::flags:
            write_flags(message, out);
            return true;
        case Kind::uid:
            write_number("UID ", entry.uid, "", out);
            return true;
        case Kind::internal_date:
            out.add("INTERNALDATE ");
            out.date_time(entry.internal_date_s);
            return true;
        case Kind::rfc822_size:
            write_number("RFC822.SIZE ", entry.size, "", out);
            return true;
        case Kind::modseq:
            write_number("MODSEQ (", entry.modseq, ")", out);
            return true;
        case Kind::save_date:  // RFC 8514 §4.2: NIL where there is none
            out.add("SAVEDATE ");
            if (entry.save_date_s != 0)
                out.date_time(entry.save_date_s);
            else
                out.add("NIL");
            return true;
        case Kind::email_id:  // RFC 8474 §5.1
            out.add("EMAILID (");
            write_blob_id(entry.blob, out);
            out.add(')');
            return true;
        case Kind::thread_id:  // RFC 8474 §5.2: NIL where the server has no threads
            out.add("THREADID NIL");
            return true;
        default:
            return write_summary_item(item, summary, out);
    }
}

}  // namespace gatepost::dataplane
