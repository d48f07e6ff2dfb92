# A client of matchq's plain WebSocket for Godot 4: an autoload, or a node of the scene.
#
#   $Matchq.heard.connect(func(event, data): print(event, data))
#   $Matchq.start("ws://127.0.0.1:4000/ws", "alice")
#   await $Matchq.opened
#   $Matchq.send("create_general_game_match", {"questionaireId": "history"})
extends Node

signal opened
signal heard(event: String, data: Dictionary)
signal ended(code: int) # the server said to stay away

const STAY_AWAY := [4401, 4409] # the token is wrong; a newer connection has replaced this one

var _address := ""
var _player = "" # a text or a whole number
var _last_seq := ""
var _attempts := 0
var _wait := 0.0 # seconds until the next attempt
var _greeted := false
var _socket: WebSocketPeer = null

func start(address: String, player) -> void:
	_address = address
	_player = player
	_connect()

func send(event: String, data := {}) -> void:
	_socket.send_text(JSON.stringify({"event": event, "data": data}))

func _connect() -> void:
	_socket = WebSocketPeer.new()
	_greeted = false
	if _socket.connect_to_url(_address) != OK:
		_later()

func _process(delta: float) -> void:
	if _address.is_empty():
		return
	if _socket == null:
		_wait -= delta
		if _wait <= 0.0:
			_connect()
		return
	_socket.poll()
	match _socket.get_ready_state():
		WebSocketPeer.STATE_OPEN:
			if not _greeted:
				_greet()
			while _socket.get_available_packet_count() > 0:
				_hear(JSON.parse_string(_socket.get_packet().get_string_from_utf8()))
		WebSocketPeer.STATE_CLOSED:
			var code := _socket.get_close_code() # -1 if it broke
			if code in STAY_AWAY:
				_address = ""
				_socket = null
				ended.emit(code)
			else:
				_later()

func _greet() -> void:
	_greeted = true
	_attempts = 0
	if _last_seq.is_empty():
		send("connection_queue", {"userId": _player})
	else:
		send("resume", {"userId": _player, "lastSeq": _last_seq}) # what was missed comes next
	send("get_state") # answered by "state": what is true now
	opened.emit()

func _hear(frame: Dictionary) -> void:
	_last_seq = frame.get("seq", _last_seq)
	heard.emit(frame["event"], frame.get("data", {}))

func _later() -> void:
	_socket = null
	_wait = min(0.25 * 2 ** _attempts, 8.0) * randf_range(0.5, 1.0) # random, so that not all come back at once
	_attempts += 1
