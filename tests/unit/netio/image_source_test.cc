#include "dataplane/worker/image_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/test_arena.h"

namespace gatepost::dataplane {
namespace {

UniqueFd owned_fd_of(tests::TestArena& arena) {
    return UniqueFd(::dup(arena.writer().segment().fd()));
}

TEST(ImageSource, ReplacedImageStaysUntilEveryReaderHasLetGo) {
    tests::TestArena arena(size_t{4} << 20);
    arena.add_zone("example.net.");
    arena.publish();
    std::atomic<uint64_t> first{5}, second{9};
    ImageSource source;
    source.add_reader(first);
    source.add_reader(second);
    EXPECT_EQ(nullptr, source.current().load());
    ASSERT_TRUE(source.take_arena(owned_fd_of(arena), 1));
    EXPECT_FALSE(source.reclaim()) << "nothing was replaced";
    const ServedImage* old = source.current().load();
    EXPECT_EQ(1u, old->generation);
    ASSERT_TRUE(source.take_arena(owned_fd_of(arena), 2));
    EXPECT_NE(old, source.current().load());
    EXPECT_TRUE(source.reclaim());
    first = 6;
    EXPECT_TRUE(source.reclaim());
    EXPECT_EQ(1u, old->image.info().zones) << "still mapped";
    second = 10;
    EXPECT_FALSE(source.reclaim());
    EXPECT_EQ(2u, source.current().load()->generation);
}

TEST(ImageSource, RefusalChangesNothing) {
    tests::TestArena arena(size_t{4} << 20);
    arena.publish();
    ImageSource source;
    ASSERT_TRUE(source.take_arena(owned_fd_of(arena), 1));
    const ServedImage* before = source.current().load();
    EXPECT_FALSE(source.load_checkpoint("/nonexistent/checkpoint"));
    EXPECT_FALSE(source.take_arena(UniqueFd(), 2));
    EXPECT_EQ(before, source.current().load());
}

}  // namespace
}  // namespace gatepost::dataplane
