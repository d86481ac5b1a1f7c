// Answers to FETCH, one message at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_fetch/body_source.h"
#include "dataplane/imap_syntax/fetch_items.h"
#include "dataplane/mail/charset.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "dataplane/stream_deflate/compressible_stream.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

struct FetchOptions {
    bool utf8 = false;      // IMAP4rev2 or UTF8=ACCEPT: quoted strings may be UTF-8
    bool uid_only = false;  // RFC 9586: UIDFETCH in the place of FETCH
};

// A FETCH's items, made ready once per command.
class FetchPlan {
  public:
    FetchPlan(std::vector<FetchItem> items, const FetchOptions& options);

    // The index alone does not have it: the message is read.
    bool needs_body() const;
    bool needs_summary() const;
    bool sets_seen() const;
    bool has(FetchItem::Kind kind) const;
    const std::vector<FetchItem>& items() const { return items_; }
    const FetchOptions& options() const { return options_; }

  private:
    std::vector<FetchItem> items_;
    FetchOptions options_;
};

// Appends "* 3 FETCH (…)\r\n" out of the index. Only for plans that need no body, and where they
// need a summary, for messages that have theirs loaded. Neither waits nor allocates beyond `out`.
// False: the summary is not there, damaged or of another version; nothing was appended, and
// write_fetch_with_body() reads the message instead.
bool write_fetch(const FetchPlan& plan, uint32_t number, const storage::MailboxView& mailbox,
                 const storage::MailboxEntry& entry, std::string& out);

// A message on its own, as the index does not keep still while a body is read.
struct FetchedMessage {
    uint32_t number = 0;
    storage::MailboxEntry entry;
    std::vector<std::string> keywords;  // those that are set
    std::vector<uint8_t> summary;       // encoded; empty: none is there
    BodySource::FindAgain find_again = {};
};
FetchedMessage copy_message(uint32_t number, const storage::MailboxView& mailbox,
                            const storage::MailboxEntry& entry, bool with_summary);

enum class FetchStatus : uint8_t {
    ok,
    unreadable,        // the message log does not give it: nothing was written ([UNAVAILABLE])
    unknown_encoding,  // RFC 3516: [UNKNOWN-CTE]; nothing was written
    stream,            // the stream ended: its status is `stream_status`
};
struct FetchResult {
    FetchStatus status = FetchStatus::ok;
    StreamStatus stream_status = StreamStatus::ok;
    uint64_t body_octets = 0;
};

// Milliseconds for a client to take a piece of a body, at most 64 KiB: half a kilobyte a second, so
// that a slow link gets a large message, and one that has stopped gives its buffers back.
inline constexpr uint64_t kFetchPieceMs = 120'000;

// Writes the whole response to the stream, in pieces: memory does not grow with the message. Any
// plan. What goes wrong once the response has begun ends the stream: the caller writes nothing more
// and closes it. The last octets may wait in the stream for the caller's next push().
// Sets the stream's deadline anew with every piece; the caller sets its own afterwards.
Task<FetchResult> write_fetch_with_body(const FetchPlan& plan, FetchedMessage message,
                                        MessageStore& store, const Charsets& charsets,
                                        CompressibleStream& stream);

}  // namespace gatepost::dataplane
