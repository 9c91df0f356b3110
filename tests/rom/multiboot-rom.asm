; A ROM that starts a multiboot kernel, for emulators that can start nothing but a ROM or a disk. The kernel's ELF file stands at
; the ROM's beginning, this loader in its last 256 bytes, where the processor starts (SDM 3A 9.1.4).
;
;   nasm -f bin -D IMAGE='"kernel.elf"' -o kernel.rom multiboot-rom.asm
;
; Not here: modules, a command line, what memory there is. The boot information says that it says nothing.

ROM_SIZE    equ 0x40000
ROM_BASE    equ 0xfffc0000
STUB_SIZE   equ 256
BOOT_MAGIC  equ 0x2badb002
STACK       equ 0x7000

%define LINEAR(label) (ROM_BASE + (label) - $$)

    incbin IMAGE
    times ROM_SIZE - STUB_SIZE - ($ - $$) db 0xff

stub:
    bits 16
    cli
    cld
    mov al, 2                   ; A20 on (port 92h)
    out 0x92, al
    o32 lgdt [cs:gdt_pointer - stub + 0xff00]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword 8:LINEAR(protected)

    bits 32
protected:
    mov eax, 16
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov esp, STACK
    mov ebx, ROM_BASE
    mov ebp, [ebx + 28]         ; e_phoff
    add ebp, ebx
    movzx edx, word [ebx + 44]  ; e_phnum
.segment:
    cmp dword [ebp], 1          ; PT_LOAD
    jne .next
    mov esi, [ebp + 4]          ; p_offset
    add esi, ebx
    mov edi, [ebp + 12]         ; p_paddr
    mov ecx, [ebp + 16]         ; p_filesz
    rep movsb
    mov ecx, [ebp + 20]         ; p_memsz
    sub ecx, [ebp + 16]
    xor eax, eax
    rep stosb
.next:
    add ebp, 32
    dec edx
    jnz .segment
    mov eax, BOOT_MAGIC
    mov esi, [ebx + 24]         ; e_entry
    mov ebx, LINEAR(information)
    jmp esi

    align 8
gdt:
    dq 0
    dq 0x00cf9b000000ffff
    dq 0x00cf93000000ffff
gdt_pointer:
    dw $ - gdt - 1
    dd LINEAR(gdt)
information:
    dd 0

    times ROM_SIZE - 16 - ($ - $$) db 0xff
    bits 16
    jmp near stub
    times ROM_SIZE - ($ - $$) db 0xff
