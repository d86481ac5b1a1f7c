// The items of FETCH that the index has: everything but octets of the message.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/mail/summary_reader.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Keywords have their names in the mailbox's view, or are already texts of a message.
struct IndexedMessage {
    uint32_t number = 0;
    const storage::MailboxEntry* entry = nullptr;
    const storage::MailboxView* mailbox = nullptr;  // else `keywords`
    std::span<const std::string> keywords;
};

// "* 3 FETCH (", or "* 4711 UIDFETCH (" (RFC 9586 §3.3).
void begin_response(const IndexedMessage& message, bool uid_only, ResponseText& out);

// "ENVELOPE (…)". False: it needs a summary, and that is damaged or not there.
[[nodiscard]] bool write_index_item(const FetchItem& item, const IndexedMessage& message,
                                    SummaryReader& summary, ResponseText& out);

bool is_body_item(FetchItem::Kind kind);
bool is_summary_item(const FetchItem& item);

}  // namespace gatepost::dataplane
