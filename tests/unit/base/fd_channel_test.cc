#include "storage/base/fd_channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace gatepost {
namespace {

TEST(FdChannel, CarriesVerbNumberAndDescriptor) {
    auto pair = channel_pair();
    ASSERT_TRUE(pair.has_value());
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    UniqueFd read_end(pipe_ends[0]);
    UniqueFd write_end(pipe_ends[1]);
    ASSERT_TRUE(channel_send(pair->child.get(), ChannelVerb::arena, 77, write_end.get()));
    auto message = channel_receive(pair->supervisor.get());
    ASSERT_TRUE(message.has_value() && message->has_value());
    EXPECT_EQ((*message)->verb, ChannelVerb::arena);
    EXPECT_EQ((*message)->number, 77u);
    ASSERT_TRUE((*message)->fd);
    EXPECT_EQ(::write((*message)->fd.get(), "x", 1), 1);
    char octet = 0;
    EXPECT_EQ(::read(read_end.get(), &octet, 1), 1);
    EXPECT_EQ(octet, 'x');
    EXPECT_TRUE(::fcntl((*message)->fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(FdChannel, NothingThereYetIsNoError) {
    auto pair = channel_pair();
    ASSERT_TRUE(pair.has_value());
    ::fcntl(pair->child.get(), F_SETFL, O_NONBLOCK);
    auto message = channel_receive(pair->child.get());
    ASSERT_TRUE(message.has_value());
    EXPECT_FALSE(message->has_value());
}

TEST(FdChannel, AClosedPeerIsAnError) {
    auto pair = channel_pair();
    ASSERT_TRUE(pair.has_value());
    pair->supervisor.reset();
    EXPECT_FALSE(channel_receive(pair->child.get()).has_value());
    Status sent = channel_send(pair->child.get(), ChannelVerb::ready, 0);
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, ErrorCode::unreachable);
}

TEST(FdChannel, AMessageOfAnotherSizeIsRefused) {
    auto pair = channel_pair();
    ASSERT_TRUE(pair.has_value());
    ASSERT_EQ(::write(pair->supervisor.get(), "short", 5), 5);
    auto message = channel_receive(pair->child.get());
    ASSERT_FALSE(message.has_value());
    EXPECT_EQ(message.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace gatepost
