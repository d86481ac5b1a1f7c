#include "dataplane/imap_fetch/fetch_writer.h"

#include <bit>

#include "dataplane/imap_fetch/body_fetch.h"
#include "dataplane/imap_fetch/index_items.h"
#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/mail/summary_reader.h"

namespace gatepost::dataplane {
namespace {

bool write_items(const FetchPlan& plan, const IndexedMessage& message, SummaryReader& summary,
                 ResponseText& out) {
    begin_response(message, plan.options().uid_only, out);
    bool is_first = true;
    for (const FetchItem& item : plan.items()) {
        if (!is_first) out.add(' ');
        is_first = false;
        if (!write_index_item(item, message, summary, out)) return false;
    }
    out.add(")\r\n");
    return true;
}

}  // namespace

bool write_fetch(const FetchPlan& plan, uint32_t number, const storage::MailboxView& mailbox,
                 const storage::MailboxEntry& entry, std::string& out) {
    const size_t size_before = out.size();
    bool is_written = false;
    {
        ResponseText text(out, plan.options().utf8);
        SummaryReader summary(mailbox.summary(entry));
        const IndexedMessage message{.number = number, .entry = &entry, .mailbox = &mailbox};
        is_written = write_items(plan, message, summary, text);
    }
    if (!is_written) out.resize(size_before);
    return is_written;
}

FetchedMessage copy_message(uint32_t number, const storage::MailboxView& mailbox,
                            const storage::MailboxEntry& entry, bool with_summary) {
    FetchedMessage message{.number = number, .entry = entry};
    for (uint64_t bits = entry.keywords; bits != 0; bits &= bits - 1)
        message.keywords.emplace_back(mailbox.keyword(static_cast<size_t>(std::countr_zero(bits))));
    if (with_summary) {
        const Bytes summary = mailbox.summary(entry);
        message.summary.assign(summary.begin(), summary.end());
    }
    return message;
}

Task<FetchResult> write_fetch_with_body(const FetchPlan& plan, FetchedMessage message,
                                        MessageStore& store, const Charsets& charsets,
                                        CompressibleStream& stream) {
    BodyFetch fetch(plan, message, store, charsets, stream);
    const FetchResult result = co_await fetch.run();
    co_return result;
}

}  // namespace gatepost::dataplane
