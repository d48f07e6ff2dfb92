// A client of matchq's plain WebSocket for Unity 2021 and later, and for .NET: it needs nothing but System.Net.WebSockets.
// In a WebGL build browsers have no such class: use the package NativeWebSocket there, with the same frames.
using System;
using System.Collections.Concurrent;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

public sealed class MatchqClient : IDisposable
{
    const int Unauthorized = 4401, Replaced = 4409; // stay away after these

    readonly Uri address;
    readonly string player; // as JSON: "\"alice\"" or "17"
    readonly ConcurrentQueue<string> frames = new ConcurrentQueue<string>();
    readonly CancellationTokenSource end = new CancellationTokenSource();
    readonly SemaphoreSlim sending = new SemaphoreSlim(1);
    ClientWebSocket socket;

    public MatchqClient(string address, string player)
    {
        this.address = new Uri(address);
        this.player = player;
    }

    /// Connects, and again after each loss, until Dispose or until the server says to stay away. Returns the close code then.
    public async Task<int> Run()
    {
        var random = new Random();
        for (var attempt = 0; ; attempt++)
        {
            var code = 0;
            try
            {
                using (socket = new ClientWebSocket())
                {
                    await socket.ConnectAsync(address, end.Token);
                    await Send("connection_queue", "{\"userId\":" + player + "}");
                    await Send("get_state", "{}"); // answered by "state": what is true now
                    attempt = 0;
                    code = await Receive();
                }
            }
            catch (Exception e) when ((e is WebSocketException || e is IOException) && !end.IsCancellationRequested) { }
            if (code == Unauthorized || code == Replaced) return code;
            var pause = Math.Min(250 << Math.Min(attempt, 5), 8000); // ms, random so that not all come back at once
            await Task.Delay((int)(pause * (0.5 + random.NextDouble() / 2)), end.Token);
        }
    }

    /// Sends an event; data is JSON.
    public async Task Send(string name, string data)
    {
        var frame = Encoding.UTF8.GetBytes("{\"event\":\"" + name + "\",\"data\":" + data + "}");
        await sending.WaitAsync(end.Token); // a ClientWebSocket sends one message at a time
        try { await socket.SendAsync(new ArraySegment<byte>(frame), WebSocketMessageType.Text, true, end.Token); }
        finally { sending.Release(); }
    }

    /// Takes the next frame that has come, as JSON. Unity calls it in Update, since frames come on other threads.
    public bool TryTake(out string frame) { return frames.TryDequeue(out frame); }

    public void Dispose() { end.Cancel(); }

    async Task<int> Receive()
    {
        var buffer = new ArraySegment<byte>(new byte[16 << 10]);
        using (var message = new MemoryStream())
        {
            for (; ; )
            {
                var part = await socket.ReceiveAsync(buffer, end.Token);
                if (part.MessageType == WebSocketMessageType.Close) return (int)(part.CloseStatus ?? 0);
                message.Write(buffer.Array, 0, part.Count);
                if (!part.EndOfMessage) continue;
                frames.Enqueue(Encoding.UTF8.GetString(message.ToArray()));
                message.SetLength(0);
            }
        }
    }
}
