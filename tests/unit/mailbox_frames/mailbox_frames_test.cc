// What workers and the control plane say of mailboxes, in octets and back.
#include "storage/mailbox_frames/mailbox_frames.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/delivery/delivery_frames.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

const UidSet kUids = {{1, 4}, {6, 6}, {9, std::numeric_limits<uint32_t>::max()}};

// Every kind of request, with something in each field.
std::vector<MailboxRequest> requests() {
    StoreFlags conditional{.mailbox_id = 3, .uids = kUids, .action = FlagAction::replace};
    conditional.flags = kAllFlags;
    conditional.keywords = {"$Forwarded", ""};
    conditional.unchanged_since = 0;
    AppendedMessage message;
    message.blob = {1, 2};
    message.body = {3, 4, 5};
    message.flags = kFlagSeen;
    message.keywords = {"a"};
    message.internal_date_us = -1;
    message.summary = {0, 1, 255};
    message.message_id = "<a@example.org>";
    message.subject = "\xc3\xa4";
    message.from = "ada@example.org";
    return {OpenAccount{7},
            OpenMailbox{1},
            LoadSummaries{1, 2, 3},
            FindExpunged{1, 2, kUids},
            FindExpunged{1, 2, {}},
            StoreFlags{3, kUids, FlagAction::add, kFlagSeen, {}, std::nullopt},
            conditional,
            ExpungeMessages{3, {}, true},
            ExpungeMessages{3, kUids, false},
            CopyMessages{3, kUids, 4, true, kFlagSeen, false},
            AppendMessages{3, {message, AppendedMessage{}}, 8, 9},
            CreateMailbox{7, "Sent", SpecialUse::trash},
            DeleteMailbox{1},
            RenameMailbox{0, 7, "a", "b/c"},
            SubscribeMailbox{7, "Other Users/bob@example.org/INBOX", false},
            GetMetadata{7, 0, {"/private/comment", "/shared"}, UINT32_MAX},
            SetMetadata{7, 1, {{"/private/comment", "text"}, {"/shared/x", std::nullopt}}},
            GetAcl{1},
            SetAcl{1, "anyone", FlagAction::remove, kAllRights},
            GetQuota{7},
            MakeUrlKey{7, 3},
            FindUrlKey{"ada@example.org", "INBOX"},
            ResetUrlKeys{7, 0}};
}

Bytes payload_of(const std::vector<uint8_t>& frame) {
    return Bytes(frame).subspan(kFrameHead);
}

std::vector<uint8_t> request_frame(const MailboxRequest& request) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, 42, request).has_value()) << request.index();
    return out;
}

template <typename Record>
std::vector<uint8_t> frame_of(const Record& record) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, record).has_value());
    return out;
}

// What is cut off anywhere, or goes on, is refused.
template <typename Decode>
void expect_refused_when_damaged(const std::vector<uint8_t>& frame, Decode decode) {
    const Bytes payload = payload_of(frame);
    for (size_t length = 0; length < payload.size(); ++length) {
        const auto refused = decode(payload.first(length));
        ASSERT_FALSE(refused.has_value()) << length;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    }
    std::vector<uint8_t> longer(payload.begin(), payload.end());
    longer.push_back(0);
    EXPECT_FALSE(decode(longer).has_value());
}

TEST(MailboxFrames, EveryRequestComesBack) {
    size_t kinds = 0;
    for (const MailboxRequest& request : requests()) {
        kinds = std::max(kinds, request.index() + 1);
        const auto frame = request_frame(request);
        EXPECT_EQ(frame[5], static_cast<uint8_t>(FrameVerb::mailbox_request));
        const auto read = decode_mailbox_request(payload_of(frame));
        ASSERT_TRUE(read.has_value()) << request.index();
        EXPECT_EQ(read->sequence, 42u);
        EXPECT_EQ(read->request.index(), request.index());
        std::vector<uint8_t> again;
        ASSERT_TRUE(append_frame(again, read->sequence, read->request).has_value());
        EXPECT_EQ(again, frame) << request.index();
        expect_refused_when_damaged(frame, decode_mailbox_request);
    }
    EXPECT_EQ(kinds, std::variant_size_v<MailboxRequest>) << "each kind is here";
}

TEST(MailboxFrames, FieldsOfRequests) {
    const auto all = requests();
    const auto stored = decode_mailbox_request(payload_of(request_frame(all[6])));
    const auto& flags = std::get<StoreFlags>(stored->request);
    EXPECT_EQ(flags.mailbox_id, 3u);
    EXPECT_EQ(flags.uids, kUids);
    EXPECT_EQ(flags.action, FlagAction::replace);
    EXPECT_EQ(flags.flags, kAllFlags);
    EXPECT_EQ(flags.keywords, (std::vector<std::string>{"$Forwarded", ""}));
    EXPECT_EQ(flags.unchanged_since, 0u);
    const auto appended = decode_mailbox_request(payload_of(request_frame(all[10])));
    const auto& append = std::get<AppendMessages>(appended->request);
    ASSERT_EQ(append.messages.size(), 2u);
    EXPECT_EQ(append.replaced_mailbox_id, 8u);
    EXPECT_EQ(append.replaced_uid, 9u);
    const AppendedMessage& message = append.messages[0];
    EXPECT_EQ(message.blob, (BlobId{1, 2}));
    EXPECT_EQ(message.body, (BodyLocation{3, 4, 5}));
    EXPECT_EQ(message.internal_date_us, -1);
    EXPECT_EQ(message.summary, (std::vector<uint8_t>{0, 1, 255}));
    EXPECT_EQ(message.message_id, "<a@example.org>");
    EXPECT_EQ(message.subject, "\xc3\xa4");
    EXPECT_EQ(message.from, "ada@example.org");
    const auto set = decode_mailbox_request(payload_of(request_frame(all[16])));
    const auto& entries = std::get<SetMetadata>(set->request).entries;
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].second, "text");
    EXPECT_EQ(entries[1].first, "/shared/x");
    EXPECT_EQ(entries[1].second, std::nullopt);
}

TEST(MailboxFrames, RepliesEventsAndNotes) {
    MailboxReply reply{.sequence = 9, .outcome = MailboxOutcome::unavailable, .text = "away"};
    reply.mailbox_id = 1;
    reply.uid_validity = 2;
    reply.modseq = 3;
    reply.uids = {{7, 9}, {1, 2}};  // in their own order
    reply.source_uids = {{1, 5}};
    reply.modified = {{4, 4}};
    reply.values = {{"/private/comment", "x"}, {"", ""}};
    reply.numbers = {1, 0, std::numeric_limits<uint64_t>::max()};
    EXPECT_EQ(decode_mailbox_reply(payload_of(frame_of(reply))).value(), reply);
    EXPECT_EQ(decode_mailbox_reply(payload_of(frame_of(MailboxReply{}))).value(), MailboxReply{});
    expect_refused_when_damaged(frame_of(reply), decode_mailbox_reply);

    const MailboxEvent event{MailboxEvent::Kind::list_sessions, 7, 40, 3, "why"};
    EXPECT_EQ(decode_mailbox_event(payload_of(frame_of(event))).value(), event);
    expect_refused_when_damaged(frame_of(event), decode_mailbox_event);

    const MailboxNote note{3, 4, 7, "imap", "ada@example.org", "::1", "idle in INBOX", -5, true};
    EXPECT_EQ(decode_mailbox_note(payload_of(frame_of(note))).value(), note);
    expect_refused_when_damaged(frame_of(note), decode_mailbox_note);
}

TEST(MailboxFrames, TextsForPeopleAreCut) {
    const std::string text = std::string(kReasonMax - 1, 'x') + "\xc3\xa4";
    const auto reply =
        decode_mailbox_reply(payload_of(frame_of(MailboxReply{.sequence = 1, .text = text})));
    EXPECT_EQ(reply.value().text, std::string(kReasonMax - 1, 'x'));
    AppendMessages append;
    append.messages.resize(1);
    append.messages[0].subject = std::string(kHeaderTextMax + 1, 's');
    append.messages[0].summary.resize(kSummaryMax + 1);
    const auto read = decode_mailbox_request(payload_of(request_frame(append)));
    const auto& message = std::get<AppendMessages>(read.value().request).messages[0];
    EXPECT_EQ(message.subject.size(), kHeaderTextMax);
    EXPECT_TRUE(message.summary.empty());
}

TEST(MailboxFrames, WhatMeansNothingIsNeitherSentNorTaken) {
    std::vector<uint8_t> out = {1, 2, 3};
    const auto refused = [&](const MailboxRequest& request) {
        const Status status = append_frame(out, 1, request);
        return !status && status.error().code == ErrorCode::invalid && out.size() == 3;
    };
    EXPECT_TRUE(refused(StoreFlags{1, {{5, 6}, {6, 7}}, FlagAction::add, 0, {}, std::nullopt}));
    EXPECT_TRUE(refused(StoreFlags{1, {{7, 6}}, FlagAction::add, 0, {}, std::nullopt}));
    EXPECT_TRUE(refused(StoreFlags{1, {}, FlagAction::add, 32, {}, std::nullopt}));
    EXPECT_TRUE(refused(StoreFlags{1, {}, static_cast<FlagAction>(3), 0, {}, std::nullopt}));
    EXPECT_TRUE(refused(ExpungeMessages{1, {{0, 1}}, true}));
    EXPECT_TRUE(refused(CopyMessages{1, {{5, 5}, {4, 4}}, 2, false}));
    EXPECT_TRUE(refused(FindExpunged{1, 2, {{5, 5}, {4, 4}}}));
    EXPECT_TRUE(refused(LoadSummaries{1, 3, 2}));
    EXPECT_TRUE(refused(SetAcl{1, "anyone", FlagAction::add, kAllRights + 1}));
    EXPECT_FALSE(refused(LoadSummaries{1, 3, 3}));

    const auto store = request_frame(StoreFlags{1, {{5, 6}}, FlagAction::add, 0, {}, std::nullopt});
    // Number, kind, mailbox, count, range; then the action, the flags, the count of keywords, and
    // whether there is a modseq.
    constexpr size_t kAction = 8 + 1 + 8 + 4 + 8;
    for (const auto& [at, value] : std::initializer_list<std::pair<size_t, uint8_t>>{
             {8, uint8_t{std::variant_size_v<MailboxRequest>}},
             {kAction, uint8_t{3}},
             {kAction + 1, uint8_t{32}},
             {kAction + 6, uint8_t{2}},
             {kAction - 1, uint8_t{4}}}) {
        std::vector<uint8_t> broken(store.begin() + kFrameHead, store.end());
        ASSERT_TRUE(decode_mailbox_request(broken).has_value());
        broken[at] = value;
        EXPECT_FALSE(decode_mailbox_request(broken).has_value()) << at;
    }
}

TEST(MailboxFrames, CountsTakeNoMemoryOfTheirOwn) {
    const auto store = request_frame(StoreFlags{1, {}, FlagAction::add, 0, {}, std::nullopt});
    std::vector<uint8_t> broken(store.begin() + kFrameHead, store.end());
    constexpr size_t kCount = 8 + 1 + 8;  // of the ranges
    for (size_t i = 0; i < 4; ++i) broken[kCount + i] = 0xff;
    EXPECT_FALSE(decode_mailbox_request(broken).has_value());
}

TEST(MailboxFrames, WhatIsTooLongIsRefused) {
    std::vector<uint8_t> out = {9};
    SetMetadata set{7, 1, {{"/private/comment", std::string(kFramePayloadMax, 'x')}}};
    const Status refused = append_frame(out, 1, set);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_EQ(out, std::vector<uint8_t>{9});
}

}  // namespace
}  // namespace gatepost::tests
