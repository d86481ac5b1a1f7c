// A message in a store in memory, and what FETCH answers of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/mail/message_summary.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {

// Gives one body, and counts how it was read.
class BodyStore final : public MessageStore {
  public:
    explicit BodyStore(std::string_view body) : body_(body) {}

    std::unique_ptr<IncomingMessage> begin() override { return nullptr; }
    void done(const SpoolEntry&) override {}
    Task<Result<storage::Envelope>> read_envelope(const SpoolEntry& entry) override;
    Task<int64_t> read_body(const storage::BodyLocation& body, uint64_t offset,
                            std::span<uint8_t> room) override;

    // ---- faults
    size_t piece_max = SIZE_MAX;          // octets of a read, at most: fewer than were asked for
    size_t reads_until_error = SIZE_MAX;  // then -EIO
    uint64_t lost_from = UINT64_MAX;      // the segment ends there

    std::function<void()> on_read;

    size_t reads = 0;
    size_t largest_read = 0;
    uint64_t octets_read = 0;

  private:
    std::string_view body_;
};

struct Fetching {
    bool utf8 = false;
    bool uid_only = false;
    bool with_summary = true;
    size_t pool_octets = size_t{8} << 20;
    std::vector<uint8_t> summary;  // in the place of its own
};

struct Fetched {
    FetchResult result;
    std::string text;  // what was sent
};

// Number 3, UID 7 of that size; INTERNALDATE 1996-07-17 02:44:25 UTC.
storage::MailboxEntry sample_entry(size_t size);

MessageSummary summary_of(std::string_view message);
std::vector<uint8_t> encoded_summary_of(std::string_view message);

// "UID BODY.PEEK[1.HEADER.FIELDS (From To)]<0.100> PREVIEW (LAZY)": no parser of IMAP, but enough
// of one for tests.
std::vector<FetchItem> fetch_items(std::string_view text);

// write_fetch_with_body() to a stream that is not compressed.
Task<FetchResult> write_with_body(const FetchPlan& plan, const FetchedMessage& message,
                                  MessageStore& store, const Charsets& charsets, Stream& stream);

// With write_fetch_with_body(), whatever the items are.
Fetched fetch(std::string_view items, BodyStore& store, size_t size, const Fetching& how);
Fetched fetch(std::string_view items, std::string_view message, const Fetching& how = {});
// The text of a response that must be well-formed, without "* 3 FETCH (" and ")\r\n".
std::string fetch_text(std::string_view items, std::string_view message, const Fetching& how = {});

// Whether these are whole responses of IMAP: parentheses, strings, literals and line ends.
bool is_well_formed(std::string_view responses);

// "{5}\r\nhello"
std::string literal(std::string_view octets);

}  // namespace gatepost::dataplane
