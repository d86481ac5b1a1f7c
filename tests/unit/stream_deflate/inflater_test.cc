#include "dataplane/stream_deflate/inflater.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/stream_deflate/deflate_peer.h"

namespace gatepost::dataplane {

namespace {

using Status = Inflater::Status;
using tests::DeflatePeer;

// All that the octets stand for; what is left of them is cut off in front.
std::string inflate_all(Inflater& inflater, std::string_view& octets, size_t room_octets = 1000,
                        Status* status = nullptr) {
    std::string made;
    std::vector<uint8_t> room(room_octets);
    for (;;) {
        const auto step = inflater.inflate(octets_of(octets), room);
        made.append(reinterpret_cast<const char*>(room.data()), step.made);
        octets.remove_prefix(step.used);
        if (status != nullptr) *status = step.status;
        if (step.status != Status::ok) return made;
        if (step.made == 0 && octets.empty() && !inflater.has_more()) return made;
    }
}

TEST(Inflater, MakesWhatWasMeantInPiecesOfAnySize) {
    const std::string text = pattern(50'000) + std::string(200'000, 'x') + "the end";
    for (const size_t piece : {1, 7, 100, 300'000})
        for (const size_t room : {1, 100, 16'384}) {
            DeflatePeer peer;
            const std::string sent = peer.deflate(text);
            Inflater inflater;
            std::string made;
            for (size_t at = 0; at < sent.size(); at += piece) {
                std::string_view octets = std::string_view(sent).substr(at, piece);
                made += inflate_all(inflater, octets, room);
                EXPECT_TRUE(octets.empty());
            }
            EXPECT_TRUE(same_octets(made, text)) << piece << " " << room;
            EXPECT_TRUE(inflater.is_between_blocks());
        }
}

TEST(Inflater, MakesNoMoreThanThereIsRoomFor) {
    DeflatePeer peer(9);
    const std::string bomb = peer.deflate(std::string(16 << 20, 'a'));
    EXPECT_LT(bomb.size(), size_t{20'000});
    Inflater inflater;
    std::array<uint8_t, 1000> room;
    std::string_view octets = bomb;
    const auto first = inflater.inflate(octets_of(octets), room);
    EXPECT_EQ(first.made, room.size());
    EXPECT_LT(first.used, size_t{1000});
    octets.remove_prefix(first.used);
    EXPECT_EQ(inflate_all(inflater, octets).size(), (size_t{16} << 20) - room.size());
}

TEST(Inflater, RestsWithNoMoreThanItsPeerMayReferTo) {
    DeflatePeer peer;
    Inflater inflater;
    std::string said;
    for (int i = 0; i < 200; ++i) {
        const std::string command = "a" + std::to_string(i) + " FETCH 1:* (UID FLAGS)\r\n";
        const std::string sent = peer.deflate(command);
        std::string_view octets = sent;
        said += inflate_all(inflater, octets);
        EXPECT_TRUE(said.ends_with(command)) << i;
        ASSERT_TRUE(inflater.rest()) << i;
        EXPECT_TRUE(inflater.is_resting());
        EXPECT_EQ(inflater.history_octets(), said.size());
        EXPECT_FALSE(inflater.rest());
    }
    const std::string long_one = pattern(100'000);
    const std::string sent = peer.deflate(long_one);
    std::string_view octets = sent;
    EXPECT_TRUE(same_octets(inflate_all(inflater, octets), long_one));
    ASSERT_TRUE(inflater.rest());
    EXPECT_EQ(inflater.history_octets(), size_t{32} << 10);
    const std::string again = peer.deflate(long_one.substr(70'000));
    EXPECT_LT(again.size(), size_t{1000});  // it refers back
    octets = again;
    EXPECT_TRUE(same_octets(inflate_all(inflater, octets), long_one.substr(70'000)));
}

TEST(Inflater, DoesNotRestInTheMiddle) {
    DeflatePeer peer;
    const std::string sent = peer.deflate("a NOOP\r\n");
    for (size_t length = 1; length < sent.size(); ++length) {
        Inflater inflater;
        std::string_view octets = std::string_view(sent).substr(0, length);
        std::string made = inflate_all(inflater, octets);
        // It may end a block by chance; then it goes on as if nothing had been.
        (void)inflater.rest();
        octets = std::string_view(sent).substr(length);
        made += inflate_all(inflater, octets);
        EXPECT_EQ(made, "a NOOP\r\n") << length;
    }
}

TEST(Inflater, TellsTheEndAndLeavesWhatFollows) {
    DeflatePeer peer;
    const std::string sent = peer.deflate_last("a LOGOUT\r\n") + "plain";
    Inflater inflater;
    std::string_view octets = sent;
    Status status = Status::ok;
    EXPECT_EQ(inflate_all(inflater, octets, 1000, &status), "a LOGOUT\r\n");
    EXPECT_EQ(status, Status::ended);
    EXPECT_EQ(octets, "plain");
    EXPECT_TRUE(inflater.has_ended());
}

TEST(Inflater, LeavesWhatStandsBehindABlock) {
    DeflatePeer peer;
    const std::string sent = peer.deflate("a UNAUTHENTICATE\r\n") + "b NOOP\r\n";
    Inflater inflater;
    std::array<uint8_t, 100> room;
    std::string_view octets = sent;
    const auto step = inflater.inflate(octets_of(octets), room);
    EXPECT_EQ(step.made, 18U);
    EXPECT_GE(octets.size() - step.used, std::string_view("b NOOP\r\n").size());
}

TEST(Inflater, MakesWhatIsSoundBeforeItTellsOfTheRest) {
    DeflatePeer peer;
    // A block of the type that there is not (RFC 1951 §3.2.3).
    const std::string sent = peer.deflate("a NOOP\r\n") + "\x07\x07\x07";
    for (const size_t piece : {size_t{1}, sent.size()}) {
        Inflater inflater;
        std::string made;
        Status status = Status::ok;
        for (size_t at = 0; at < sent.size() && status == Status::ok; at += piece) {
            std::string_view octets = std::string_view(sent).substr(at, piece);
            made += inflate_all(inflater, octets, 1000, &status);
        }
        EXPECT_EQ(made, "a NOOP\r\n");
        EXPECT_EQ(status, Status::broken);
        EXPECT_EQ(inflater.inflate(octets_of("more"), {}).status, Status::broken);
    }
}

TEST(Inflater, RefusesWhatRefersBackTooFar) {
    DeflatePeer peer;
    (void)peer.deflate("something that the other side has never seen, long enough to refer to");
    const std::string sent =
        peer.deflate("something that the other side has never seen, long enough to refer to");
    Inflater inflater;
    std::string_view octets = sent;
    Status status = Status::ok;
    EXPECT_LT(inflate_all(inflater, octets, 1000, &status).size(), size_t{10});
    EXPECT_EQ(status, Status::broken);
}

}  // namespace

}  // namespace gatepost::dataplane
