// URLs of messages, and what they are signed with.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/imap/imap_url.h"
#include "dataplane/imap/url_token.h"
#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using namespace dataplane;
using Access = UrlAuthorization::Access;

constexpr std::string_view kServer = "mx.example.org";

std::optional<ImapUrl> parsed(std::string_view text) {
    return parse_imap_url(text, kServer);
}

std::optional<UrlAuthorization> authorization_of(std::string_view tail) {
    const auto url = parsed(fmt::format("imap://ada@{}/INBOX/;UID=20{}", kServer, tail));
    return url ? url->authorization : std::nullopt;
}

TEST(ImapUrl, NamesAMessageOrAPartOfIt) {
    auto url = parsed("/A%20b%2Fc;UIDVALIDITY=7/;UID=20/;SECTION=1.2.MIME/;PARTIAL=5.100");
    ASSERT_TRUE(url);
    EXPECT_FALSE(url->is_absolute);
    EXPECT_EQ(url->owner, "");
    EXPECT_EQ(url->mailbox, "A b/c");
    EXPECT_EQ(url->uid_validity, 7U);
    EXPECT_EQ(url->uid, 20U);
    EXPECT_EQ(url->item.section.part, (std::vector<uint32_t>{1, 2}));
    EXPECT_EQ(url->item.section.text, FetchSection::Text::mime);
    EXPECT_EQ(url->item.partial, (FetchPartial{5, 100}));
    EXPECT_FALSE(url->authorization);
    url = parsed("imap://ada%40example.org;AUTH=*@MX.example.org:143/INBOX/;uid=1");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->is_absolute);
    EXPECT_EQ(url->owner, "ada@example.org");
    EXPECT_EQ(parsed("imap://ada@example.org@mx.example.org/INBOX/;uid=1")->owner,
              "ada@example.org");
    EXPECT_EQ(parsed("imap://mx.example.org/INBOX/;uid=1")->owner, "");
    for (const char* none :
         {"", "/", "imap:", "imap://", "imap://mx.example.org", "imap://mx.example.org/",
          "imap://other.example.org/INBOX/;uid=1", "/INBOX", "/INBOX/;UID=0", "/INBOX/;UID=x",
          "/INBOX/;SECTION=1", "/;UID=1", "/INBOX;UIDVALIDITY=x/;UID=1", "/INBOX/;UID=1/;SECTION=x",
          "/INBOX/;UID=1/;PARTIAL=x", "/INBOX/;UID=1/;PARTIAL=1.0", "/IN%0BOX%00/;UID=1",
          "/INBOX/;UID=1;EXPIRE=2026-11-21T19:10:14Z"})
        EXPECT_FALSE(parsed(none)) << none;
}

TEST(ImapUrl, SaysWhoMayUseIt) {
    auto found = authorization_of(";URLAUTH=authuser");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->access, Access::any_user);
    EXPECT_EQ(found->mechanism, "");
    found = authorization_of("/;SECTION=1;urlauth=anonymous:internal:91354A");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->access, Access::any_connection);
    EXPECT_EQ(found->mechanism, "internal");
    EXPECT_EQ(found->token, "91354A");
    EXPECT_EQ(
        found->signed_octets,
        std::string_view("imap://ada@mx.example.org/INBOX/;UID=20/;SECTION=1;urlauth=anonymous")
            .size());
    EXPECT_EQ(authorization_of(";URLAUTH=user+bob%40example.org")->user, "bob@example.org");
    EXPECT_EQ(authorization_of(";URLAUTH=Submit+bob:X:1")->access, Access::submit);
    for (const char* none :
         {";URLAUTH=", ";URLAUTH=authuser:", ";URLAUTH=authuser:INTERNAL", ";URLAUTH=authuser::1",
          ";URLAUTH=authuser:INTERNAL:", ";URLAUTH=:INTERNAL:1", ";URLAUTH=user+",
          ";URLAUTH=user+%4", ";URLAUTH=everybody", ";EXPIRE=;URLAUTH=authuser"})
        EXPECT_FALSE(authorization_of(none)) << none;
}

TEST(ImapUrl, SaysUntilWhen) {
    const auto until = [](std::string_view date) -> int64_t {
        const auto found = authorization_of(fmt::format(";EXPIRE={};URLAUTH=authuser", date));
        return found ? found->last_second.value_or(-2) : -1;
    };
    EXPECT_EQ(until("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(until("2026-11-21T19:10:14z"), 1'795'288'214);
    EXPECT_EQ(until("2026-11-21t20:10:14.123+01:00"), 1'795'288'214);
    EXPECT_EQ(until("2026-11-21T17:40:14-01:30"), 1'795'288'214);
    EXPECT_EQ(until("2016-12-31T23:59:60Z"), 1'483'228'800);
    for (const char* none :
         {"2026-11-21", "2026-11-21T19:10:14", "2026-11-21 19:10:14Z", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T19:60:00Z",
          "2026-11-21T19:10:61Z", "2026-11-21T19:10:14.Z", "2026-11-21T19:10:14+1:00",
          "2026-11-21T19:10:14+24:00", "2026-11-21T19:10:14Zx", "26-11-21T19:10:14Z"})
        EXPECT_EQ(until(none), -1) << none;
}

// RFC 4231 §4.3, with the octet of the algorithm in front.
TEST(UrlToken, IsAnHmac) {
    const std::string token = url_token("Jefe", "what do ya want for nothing?");
    EXPECT_EQ(token, "015bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_TRUE(is_url_token("Jefe", "what do ya want for nothing?", token));
    EXPECT_FALSE(is_url_token("jefe", "what do ya want for nothing?", token));
    EXPECT_FALSE(is_url_token("Jefe", "what do ya want for nothing", token));
    EXPECT_FALSE(is_url_token("Jefe", "what do ya want for nothing?", token.substr(1)));
    EXPECT_FALSE(is_url_token("Jefe", "what do ya want for nothing?", ""));
}

std::string url_in(const std::string& said) {
    const size_t begin = said.find('"') + 1;
    return said.substr(begin, said.find('"', begin) - begin);
}

TEST(UrlFetch, ALargeMessageComesInPieces) {
    ImapWorld world;
    const std::string message = sample_message("large", 20'000);
    world.deliver(world.inbox, message);
    ImapRig rig(world);
    rig.log_in();
    const std::string url = url_in(rig.command(
        "GENURLAUTH \"imap://ada%40example.org@mx.example.org/INBOX/;UID=1;URLAUTH=authuser\" "
        "INTERNAL"));
    EXPECT_EQ(world.counts.urls_signed.load(), 1U);
    const std::string head = fmt::format("* URLFETCH \"{}\" {{{}}}\r\n", url, message.size());
    EXPECT_EQ(rig.command("URLFETCH \"" + url + "\""),
              head + message + "\r\na2 OK URLFETCH completed\r\n");
    EXPECT_EQ(world.counts.urls_fetched.load(), 1U);
    EXPECT_EQ(world.counts.urls_refused.load(), 0U);
    // What has begun cannot be taken back.
    size_t reads = 0;
    world.bodies.on_read = [&] { world.bodies.readable = ++reads < 3; };
    const std::string said = rig.command("URLFETCH \"" + url + "\"");
    EXPECT_TRUE(said.starts_with(head));
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::reset);
}

TEST(UrlFetch, KeysAreAskedForAndNotKept) {
    ImapWorld world;
    world.deliver(world.inbox, sample_message("one"));
    ImapRig rig(world);
    rig.log_in();
    const std::string url = url_in(rig.command(
        "GENURLAUTH \"imap://ada%40example.org@mx.example.org/INBOX/;UID=1;URLAUTH=authuser\" "
        "INTERNAL"));
    world.boxes.asked.clear();
    rig.command("URLFETCH \"" + url + "\"");
    ASSERT_FALSE(world.boxes.asked.empty());
    EXPECT_TRUE(std::holds_alternative<storage::FindUrlKey>(world.boxes.asked[0]));
    // Who may not use it is refused before anybody is asked for the key.
    world.boxes.asked.clear();
    const size_t colon = url.find(":INTERNAL:");
    rig.command(fmt::format("URLFETCH \"{}\"", std::string(url).insert(colon, "x")));
    EXPECT_TRUE(world.boxes.asked.empty());
    EXPECT_EQ(world.counts.urls_refused.load(), 1U);
}

}  // namespace

}  // namespace gatepost::tests
