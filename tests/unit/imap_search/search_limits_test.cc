// Messages that nobody would write, and those that do not fit into memory.
#include <gtest/gtest.h>

#include "dataplane/imap_search/body_windows.h"
#include "dataplane/imap_search/summary_view.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"
#include "tests/unit/imap_search/search_keys.h"
#include "tests/unit/imap_search/search_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using Uids = std::vector<uint32_t>;

class SearchLimits : public ::testing::Test {
  protected:
    Uids uids(const SearchKey& wanted) {
        SearchResult result = rig.search(wanted);
        EXPECT_EQ(result.status, SearchStatus::ok);
        return result.uids;
    }
    SearchRig rig;
};

std::string lines(size_t octets) {
    std::string text;
    while (text.size() < octets) text += "all work and no play makes Jack a dull boy\r\n";
    return text;
}

TEST_F(SearchLimits, MessagesLargerThanAWindow) {
    const std::string head =
        "Subject: large\r\nX-Mark: =?utf-8?q?gr=C3=BCn?=\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; name=one.txt\r\n\r\n";
    const size_t window = BodyWindows::kOctetsMax;
    std::string octets = head + lines(window);
    // Across the end of the first piece that is read of the part.
    octets.replace(head.size() + window - 5, 9, "acrossend");
    octets += "\r\n--b\r\nContent-Type: application/pdf\r\n\r\nno text here\r\n" + lines(window);
    octets += "\r\n--b\r\nContent-Type: text/plain\r\nX-Inner: deep\r\n\r\n" +
              std::string(300'000, 'z') + "needle" + std::string(300'000, 'z') + "\r\n--b--\r\n";
    rig.add({.octets = octets});
    rig.add({.octets = "Subject: small\r\n\r\nneedle\r\n"});
    rig.add({.octets = octets, .summary = SummaryPlace::nowhere});
    EXPECT_EQ(uids(text_key(Kind::body, "AcrossEnd")), (Uids{1, 3}));
    EXPECT_EQ(uids(text_key(Kind::body, "needle")), (Uids{1, 2, 3}));
    EXPECT_EQ(uids(text_key(Kind::body, "no text here")), Uids{});
    EXPECT_EQ(uids(text_key(Kind::text, "x-inner: deep")), (Uids{1, 3}));
    EXPECT_EQ(uids(text_key(Kind::text, "one.txt")), (Uids{1, 3}));
    EXPECT_EQ(uids(header_key("x-mark", "GRÜN")), (Uids{1, 3}));
    EXPECT_EQ(uids(list_key(Kind::all_of, {text_key(Kind::body, "jack"),
                                           not_key(text_key(Kind::body, "acrossend"))})),
              Uids{});
    rig.octets_max = 10'000;
    EXPECT_EQ(uids(text_key(Kind::body, "needle")), (Uids{1, 2, 3}));
    rig.on_read = [&] {
        if (rig.reads > 5) rig.broken_segments = {1};
    };
    rig.reads = 0;
    EXPECT_EQ(rig.search(text_key(Kind::body, "needle")).status, SearchStatus::unreadable);
}

TEST_F(SearchLimits, DeepKeys) {
    rig.add({.flags = storage::kFlagSeen});
    SearchKey deep = flag_key(storage::kFlagSeen);
    for (size_t i = 0; i < kSearchDepthMax; ++i)
        deep = list_key(Kind::any_of, {not_key(deep), not_key(key(Kind::all))});
    EXPECT_EQ(uids(deep), (Uids{1}));
    std::vector<SearchKey> many(kSearchKeysMax, text_key(Kind::body, "x"));
    EXPECT_EQ(uids(list_key(Kind::any_of, many)), Uids{});
    EXPECT_EQ(uids(list_key(Kind::all_of, {})), (Uids{1}));
    EXPECT_EQ(uids(list_key(Kind::any_of, {})), Uids{});
}

TEST_F(SearchLimits, HugeHeaders) {
    std::string fields;
    for (size_t i = 0; i < kHeaderFieldsMax + 200; ++i)
        fields += "X-" + std::to_string(i) + ": value " + std::to_string(i) + "\r\n";
    std::string addresses = "To: first@example.org";
    for (size_t i = 0; i < kFieldAddressesMax + 10; ++i)
        addresses += ",\r\n a" + std::to_string(i) + "@example.org";
    rig.add({.octets = fields + "\r\ntext"});
    rig.add({.octets = addresses + "\r\n\r\ntext"});
    rig.add({.octets = "Subject: " + std::string(kFieldOctetsMax + 10, 's') + "\r\n\r\ntext"});
    // Beyond what summaries take.
    EXPECT_EQ(uids(header_key("x-1150", "value 1150")), (Uids{1}));
    EXPECT_EQ(uids(header_key("x-1", "value 1")), (Uids{1}));
    EXPECT_EQ(uids(header_key("to", "first@")), (Uids{2}));
    EXPECT_EQ(uids(header_key("to", "a1009@")), (Uids{2}));
    EXPECT_EQ(uids(header_key("subject", "sss")), (Uids{3}));
    EXPECT_EQ(uids(text_key(Kind::text, "value 1199")), (Uids{1}));
}

TEST_F(SearchLimits, Bombs) {
    std::string rfc2231 = "Content-Type: text/plain";
    for (int i = 0; i < 2000; ++i) rfc2231 += ";\r\n name*" + std::to_string(i) + "*=%41%42";
    std::string words = "Subject:";
    for (int i = 0; i < 2000; ++i) words += "\r\n =?utf-8?b?0J/RgNC4?=";
    std::string nested = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 300; ++i)
        nested += "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    rig.add({.octets = rfc2231 + "\r\n\r\nbody one"});
    rig.add({.octets = words + "\r\n\r\nbody two"});
    rig.add({.octets = nested + "body three"});
    rig.add({.octets = std::string(100'000, '=') + "?utf-8?q?" + std::string(100'000, '?')});
    EXPECT_EQ(uids(text_key(Kind::body, "body one")), (Uids{1}));
    EXPECT_EQ(uids(header_key("subject", "приприпри")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::text, "приприпри")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::text, "absent")), Uids{});
}

// Whatever octets stand in the place of a summary: nothing is read beyond their end, and messages
// are found all the same.
TEST_F(SearchLimits, DamagedSummaries) {
    MimeParser parser(rig.charsets);
    constexpr std::string_view kMail =
        "From: a@b\r\nSubject: s\r\nDate: 1 Jan 1970 00:00:00 +0000\r\n\r\ntext";
    parser.feed({reinterpret_cast<const uint8_t*>(kMail.data()), kMail.size()});
    std::vector<uint8_t> encoded;
    encode_summary(parser.finish(), encoded);
    ASSERT_TRUE(SummaryView(encoded).is_readable());
    for (size_t size = 0; size < encoded.size(); ++size) {
        const std::vector<uint8_t> cut(encoded.begin(),
                                       encoded.begin() + static_cast<ptrdiff_t>(size));
        SummaryView view(cut);
        view.is_readable();
        view.text(EnvelopeMember::message_id);
        AddressCursor addresses = view.addresses(EnvelopeMember::bcc);
        AddressPiece address;
        EXPECT_FALSE(addresses.next(address));
    }
    for (size_t i = 0; i < encoded.size(); ++i) {
        std::vector<uint8_t> changed = encoded;
        changed[i] = 0xff;
        SummaryView view(changed);
        size_t names = 0;
        view.for_each_attachment([&](std::string_view) { ++names; });
        EXPECT_LE(names, encoded.size());
    }
}

}  // namespace
}  // namespace gatepost::tests
