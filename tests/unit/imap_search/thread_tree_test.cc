#include "dataplane/imap_search/thread_tree.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/imap_search/search_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using Messages = std::vector<ThreadMessage>;

ThreadMessage message(uint32_t uid, std::string id, std::vector<std::string> references,
                      std::string subject = "", bool is_reply = false) {
    return {uid,     int64_t{uid} * 10, std::move(id), std::move(references), std::move(subject),
            is_reply};
}

std::string references(const Messages& messages) {
    return thread_text(thread_by_references(messages));
}

TEST(ThreadByReferences, LinksParentsAndChildren) {
    EXPECT_EQ(references({message(1, "a", {}), message(2, "b", {"a"}), message(3, "c", {"a", "b"}),
                          message(4, "d", {"a"})}),
              "(1 (2 3)(4))");
    EXPECT_EQ(references({}), "");
    // In the order in which nobody wrote them.
    EXPECT_EQ(
        references({message(1, "c", {"a", "b"}), message(2, "b", {"a"}), message(3, "a", {})}),
        "(3 2 1)");
}

// RFC 5256 §3, step (3).
TEST(ThreadByReferences, KeepsAMissingMessageOnlyAboveMany) {
    EXPECT_EQ(references({message(1, "b", {"gone"}), message(2, "c", {"gone"})}), "((1)(2))");
    EXPECT_EQ(references({message(1, "b", {"gone"})}), "(1)");
    EXPECT_EQ(references({message(1, "a", {}), message(2, "c", {"a", "gone"}),
                          message(3, "d", {"a", "gone"})}),
              "(1 (2)(3))");
    // A missing one below a missing one: their children are siblings.
    EXPECT_EQ(references({message(1, "x", {"g", "h"}), message(2, "y", {"g", "h"}),
                          message(3, "z", {"g"})}),
              "((1)(2)(3))");
}

TEST(ThreadByReferences, MakesNoLoops) {
    EXPECT_EQ(references({message(1, "a", {"b"}), message(2, "b", {"a"})}), "(2 1)");
    EXPECT_EQ(references({message(1, "a", {"a"})}), "(1)");
    EXPECT_EQ(
        references({message(1, "a", {"x", "y", "x"}), message(2, "y", {}), message(3, "x", {})}),
        "(2)(3 1)");
}

// Step (1) (B): the last reference counts more than what others said.
TEST(ThreadByReferences, BreaksAWrongLink) {
    EXPECT_EQ(references({message(1, "a", {}), message(2, "b", {}), message(3, "d", {"a", "c"}),
                          message(4, "c", {"b"})}),
              "(1)(2 4 3)");
}

TEST(ThreadByReferences, TakesAnIdOnce) {
    EXPECT_EQ(references({message(1, "a", {}), message(2, "a", {}), message(3, "b", {"a"})}),
              "(1 3)(2)");
    EXPECT_EQ(references({message(1, "", {}), message(2, "", {})}), "(1)(2)");
}

// Step (5).
TEST(ThreadByReferences, GathersSubjects) {
    // A reply goes below its original, whichever came first.
    EXPECT_EQ(references({message(1, "a", {}, "S"), message(2, "b", {}, "S", true)}), "(1 2)");
    EXPECT_EQ(references({message(1, "a", {}, "S", true), message(2, "b", {}, "S")}), "(2 1)");
    // Two of a kind are siblings below nobody.
    EXPECT_EQ(references({message(1, "a", {}, "S"), message(2, "b", {}, "S")}), "((1)(2))");
    EXPECT_EQ(
        references({message(1, "a", {}, "S"), message(2, "b", {}, "S"), message(3, "c", {}, "S")}),
        "((1)(2)(3))");
    // An empty subject is none.
    EXPECT_EQ(references({message(1, "a", {}), message(2, "b", {})}), "(1)(2)");
    // With a missing message above: both, and one.
    EXPECT_EQ(references({message(1, "a", {"x"}, "S"), message(2, "b", {"x"}, "S"),
                          message(3, "c", {"y"}, "S"), message(4, "d", {"y"}, "S")}),
              "((1)(2)(3)(4))");
    EXPECT_EQ(references({message(1, "a", {}, "S"), message(2, "b", {"x"}, "S"),
                          message(3, "c", {"x"}, "S")}),
              "((1)(2)(3))");
}

TEST(ThreadByReferences, SortsByDate) {
    Messages messages = {message(1, "a", {}), message(2, "b", {"a"}), message(3, "c", {"a"}),
                         message(4, "d", {})};
    messages[0].sent_s = 100;
    messages[1].sent_s = 90;
    messages[2].sent_s = 80;
    messages[3].sent_s = 95;
    EXPECT_EQ(references(messages), "(4)(1 (3)(2))");
}

TEST(ThreadBySubject, PutsAllBelowTheFirst) {
    Messages messages = {message(1, "", {}, "B"), message(2, "", {}, "A"), message(3, "", {}, "B"),
                         message(4, "", {}, "B")};
    EXPECT_EQ(thread_text(thread_by_subject(messages)), "(1 (3)(4))(2)");
    messages[3].sent_s = 1;
    EXPECT_EQ(thread_text(thread_by_subject(messages)), "(4 (1)(3))(2)");
    EXPECT_EQ(thread_text(thread_by_subject({})), "");
}

TEST(ThreadByReferences, TakesDeepTreesOffTheStack) {
    Messages messages;
    constexpr uint32_t kDeep = 200'000;
    for (uint32_t uid = 1; uid <= kDeep; ++uid)
        messages.push_back(message(uid, std::to_string(uid), {std::to_string(uid - 1)}));
    const ThreadResult result = thread_by_references(messages);
    EXPECT_EQ(result.nodes.size(), kDeep);
    EXPECT_EQ(result.roots.size(), 1U);
}

void expect_every_message_once(const ThreadResult& result, size_t count) {
    std::set<uint32_t> uids;
    std::vector<uint32_t> open = result.roots;
    size_t visited = 0;
    while (!open.empty()) {
        const ThreadNode& node = result.nodes[open.back()];
        open.pop_back();
        ++visited;
        if (node.uid != 0)
            ASSERT_TRUE(uids.insert(node.uid).second);
        else
            ASSERT_GT(node.children.size(), 1U);
        open.insert(open.end(), node.children.begin(), node.children.end());
    }
    ASSERT_EQ(uids.size(), count);
    ASSERT_EQ(visited, result.nodes.size());
}

// Each of many messages that have an answer already is put below the end of a long conversation.
TEST(ThreadByReferences, EndsWithReferencesMadeUpToTakeLong) {
    constexpr uint32_t kDeep = 200'000;
    constexpr uint32_t kMany = 20'000;
    Messages messages = {message(1, "first", {})};
    for (uint32_t i = 0; i < kDeep; ++i) messages[0].references.push_back("c" + std::to_string(i));
    const std::string end = messages[0].references.back();
    for (uint32_t i = 0; i < kMany; ++i) {
        const std::string id = "m" + std::to_string(i);
        messages.push_back(message(2 * i + 2, "", {id}));
        messages.push_back(message(2 * i + 3, id, {end}));
    }
    const ThreadResult result = thread_by_references(messages);
    expect_every_message_once(result, messages.size());
    // Some are where they belong, those that come when the steps are used up are not.
    EXPECT_GT(result.roots.size(), 1U);
    EXPECT_LT(result.roots.size(), kMany);
}

// Whatever the fields say: every message once, in a tree.
TEST(ThreadByReferences, HasEveryMessageOnce) {
    std::mt19937 random(3);
    for (int round = 0; round < 3000; ++round) {
        Messages messages;
        const uint32_t count = 1 + random() % 12;
        for (uint32_t uid = 1; uid <= count; ++uid) {
            ThreadMessage one = message(uid, std::to_string(random() % 8), {});
            for (auto n = random() % 4; n > 0; --n)
                one.references.push_back(std::to_string(random() % 8));
            one.subject = std::string(random() % 3, 's');
            one.is_reply = random() % 2 == 0;
            one.sent_s = random() % 5;
            messages.push_back(one);
        }
        const ThreadResult result = thread_by_references(messages);
        expect_every_message_once(result, count);
        if (HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace gatepost::tests
