// FETCH out of the index, a message at a time, as a client lists a mailbox. Budget: 0.6 µs for
// (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE), 0.08 µs for (UID FLAGS): a worker then fills a
// link of 10 Gbit/s with envelopes. The counter octets is what a message's answer takes.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"
#include "storage/base/check.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr uint64_t kMailbox = 1;
constexpr uint32_t kMessages = 10'000;
constexpr size_t kArenaOctets = size_t{256} << 20;
using Kind = FetchItem::Kind;

// Of a person to another with a copy to a list, as text, HTML and one attachment.
std::string message(uint32_t number) {
    const std::string n = std::to_string(number);
    return "Return-Path: <joerg@example.net>\r\n"
           "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
           "\tby mx.example.org (Gatepost) with ESMTPS id " +
           n +
           "\r\n"
           "\tfor <alice@example.org>; Fri, 21 Nov 2025 09:55:06 +0100\r\n"
           "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s2025;\r\n"
           "\th=from:to:subject:date; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n"
           "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.net>\r\n"
           "To: Alice <alice@example.org>, \"Smith, Bob\" <bob@example.org>\r\n"
           "Cc: The Coast <coast@lists.example.com>\r\n"
           "Subject: Re: Minutes of the meeting number " +
           n +
           " at the coast\r\n"
           "Date: Fri, 21 Nov 2025 09:55:01 +0100\r\n"
           "Message-ID: <20251121095501." +
           n +
           "@example.net>\r\n"
           "In-Reply-To: <20251120170102.4711@example.org>\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=\"=_1\"\r\n\r\n--=_1\r\n"
           "Content-Type: multipart/alternative; boundary=\"=_2\"\r\n\r\n--=_2\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n\r\nHello, Alice.\r\n"
           "--=_2\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello, Alice.</p>\r\n"
           "--=_2--\r\n--=_1\r\nContent-Type: application/pdf; name=\"minutes.pdf\"\r\n"
           "Content-Disposition: attachment; filename=\"minutes.pdf\"\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--=_1--\r\n";
}

class Mailbox {
  public:
    Mailbox() {
        auto segment = storage::Segment::create("bench", kArenaOctets, storage::PageKind::plain);
        GATEPOST_CHECK(segment.has_value());
        auto writer = storage::MailboxIndexWriter::create(std::move(*segment), qsbr_, 1);
        GATEPOST_CHECK(writer.has_value());
        writer_ = std::move(*writer);
        const Charsets charsets;
        std::vector<std::vector<uint8_t>> summaries(kMessages);
        storage::MailboxUpdate whole;
        whole.status.mailbox_id = kMailbox;
        whole.status.messages = kMessages;
        for (uint32_t uid = 1; uid <= kMessages; ++uid) {
            MimeParser parser(charsets);
            const std::string text = message(uid);
            parser.feed(Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
            encode_summary(parser.finish(), summaries[uid - 1]);
            storage::MailboxMessage one{.summary = summaries[uid - 1]};
            one.entry.uid = uid;
            one.entry.modseq = uid;
            one.entry.size = static_cast<uint32_t>(text.size());
            one.entry.internal_date_s = 1'763'715'306 + uid;
            one.entry.summary_size = static_cast<uint32_t>(summaries[uid - 1].size());
            one.entry.flags = storage::kFlagSeen | (uid % 3 == 0 ? storage::kFlagAnswered : 0);
            if (uid % 4 == 0) one.keywords = {"$Forwarded"};
            whole.messages.push_back(std::move(one));
        }
        GATEPOST_CHECK(writer_->load(whole).has_value());
    }
    storage::MailboxView view() const { return *writer_->view().mailbox(kMailbox); }

  private:
    storage::Qsbr qsbr_{};
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
};

// One iteration is one message; the messages follow one another as in FETCH 1:*.
void fetch(benchmark::State& state, const std::vector<Kind>& kinds) {
    static const Mailbox* const kBox = new Mailbox;
    std::vector<FetchItem> items;
    for (const Kind kind : kinds) items.push_back({.kind = kind});
    const FetchPlan plan(items, {});
    const storage::MailboxView view = kBox->view();
    std::string out;
    uint64_t octets = 0;
    uint64_t count = 0;
    size_t chunk = 0;
    size_t at = 0;
    uint32_t number = 0;
    for (auto _ : state) {
        const storage::MailboxChunk entries = view.chunk(chunk);
        GATEPOST_CHECK(write_fetch(plan, ++number, view, entries.entries[at], out));
        ++count;
        if (++at == entries.entries.size()) {
            at = 0;
            if (++chunk == view.chunk_count()) chunk = number = 0;
        }
        if (out.size() > (size_t{16} << 10)) {
            octets += out.size();
            out.clear();
        }
    }
    state.counters["octets"] =
        static_cast<double>(octets + out.size()) / static_cast<double>(count);
}

BENCHMARK_CAPTURE(fetch, uid_flags, {Kind::uid, Kind::flags});
BENCHMARK_CAPTURE(fetch, envelope,
                  {Kind::uid, Kind::flags, Kind::internal_date, Kind::rfc822_size, Kind::envelope});
BENCHMARK_CAPTURE(fetch, body_structure, {Kind::uid, Kind::body_structure});
BENCHMARK_CAPTURE(fetch, preview, {Kind::uid, Kind::preview});

}  // namespace

BENCHMARK_MAIN();
